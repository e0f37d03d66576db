"""Texts with a secret, and texts that only look like it, made when the tests run: no scanner trips on this file.

A sample with a secret writes the value between the signs § and ¤, which are taken out before it is used.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
BASE64 = LETTERS + "+/"


@dataclass(frozen=True)
class Sample:
    """A text as it could stand in a repository; `secret` is "" where there is nothing to hide."""

    kind: str
    text: str
    secret: str = ""


def drawn(count: int, signs: str = LETTERS, seed: str = "") -> str:
    """Signs drawn by chance, the same each time; digits, small and large letters all come up in a long one."""
    chance = random.Random(f"{count} {signs} {seed}")
    made = [chance.choice(signs) for _ in range(count)]
    if signs in (LETTERS, BASE64) and count >= 8:
        made[1], made[3], made[5] = "7", "q", "K"
    return "".join(made)


def _key_block(name: str, lines: int, before: str = "", after: str = "") -> str:
    body = "\n".join(f"{before}{drawn(64, BASE64, f'{name}{number}')}{after}" for number in range(lines))
    dashes = "-" * 5
    return f"{before}{dashes}BEGIN {name}{dashes}{after}\n{body}\n{before}{dashes}END {name}{dashes}{after}"


def _of_a_key_block(name: str, lines: int) -> str:
    return drawn(64, BASE64, f"{name}{lines - 1}")


def _positives() -> dict[str, list[str]]:
    """Texts by the kind of the secret in them; each kind in several surroundings."""
    return {
        "github token": [
            f'token = "§{"gh" + "p_"}{drawn(36)}¤"',
            f"GITHUB_TOKEN=§{'gh' + 's_'}{drawn(36, seed='s')}¤",
            f"git clone https://x-access-token:§{'gh' + 'o_'}{drawn(36, seed='o')}¤@github.com/octo/shop",
            f"  - run: curl -H 'Authorization: token §{'github' + '_pat_'}{drawn(22)}_{drawn(59)}¤'",
            f"// remove me: §{'gh' + 'u_'}{drawn(40, seed='u')}¤ before the release",
        ],
        "gitlab token": [
            f"CI_PUSH: §{'gl' + 'pat-'}{drawn(20)}¤",
            f"runner register --url https://gitlab.example --x §{'gl' + 'rt-'}{drawn(20, seed='r')}¤",
        ],
        "aws key": [
            f"aws_access_key_id = §{'AK' + 'IA'}{drawn(16, string.ascii_uppercase + '234567')}¤",
            f'AwsKey("§{"AS" + "IA"}{drawn(16, string.ascii_uppercase + "234567", "s")}¤")',
            f"aws_secret_access_key = §{drawn(40, BASE64)}¤",
            f'  "SecretAccessKey": "§{drawn(40, BASE64, "j")}¤",',
        ],
        "slack token": [
            f"slack = '§{'xo' + 'xb-'}{drawn(12, string.digits)}-{drawn(12, string.digits, 'x')}-{drawn(24)}¤'",
            f"url: https://hooks.slack.com/§{'serv' + 'ices/'}T{drawn(8, UPPER)}/B{drawn(8, UPPER, 'b')}/{drawn(24)}¤",
        ],
        "stripe key": [
            f"stripe.api_key = '§{'sk_' + 'live_'}{drawn(24)}¤'",
            f"STRIPE=§{'rk_' + 'test_'}{drawn(24, seed='t')}¤",
            f"endpoint: §{'wh' + 'sec_'}{drawn(32)}¤",
        ],
        "google key": [
            f"https://maps.example/js?key=§{'AI' + 'za'}{drawn(35)}¤",
            f'"client": "§{"GOC" + "SPX-"}{drawn(28)}¤"',
            f"bearer §{'ya' + '29.'}{drawn(60)}¤",
        ],
        "model key": [
            f"OPENAI_API_KEY=§{'sk-' + 'proj-'}{drawn(48)}¤",
            f"client = OpenAI(api_key='§{'sk' + '-'}{drawn(48, seed='o')}¤')",
            f"ANTHROPIC_API_KEY: §{'sk-' + 'ant-'}api03-{drawn(93)}¤",
            f"x-api-key: §{'sk-' + 'ant-'}admin01-{drawn(80, seed='a')}¤",
            f"GROQ=§{'gs' + 'k_'}{drawn(52)}¤",
            f"login(§{'h' + 'f_'}{drawn(34)}¤)",
        ],
        "package token": [
            f"//registry.npmjs.example/:_authToken=§{'np' + 'm_'}{drawn(36)}¤",
            f"password = §{'py' + 'pi-AgE'}{drawn(60)}¤",
            f"docker login -u me -p §{'dckr' + '_pat_'}{drawn(27)}¤",
            f":rubygems: §{'ruby' + 'gems_'}{drawn(48, HEX)}¤",
        ],
        "service key": [
            f"mail = §{'S' + 'G.'}{drawn(22)}.{drawn(43)}¤",
            f'twilio("§{"S" + "K"}{drawn(32, HEX)}¤")',
            f"bot: §{drawn(9, '123456789')}{':' + 'AA'}{drawn(33)}¤",
            f"AccountName=shop;§{''}AccountKey=¤§{drawn(86, BASE64)}==¤;EndpointSuffix=core",
            f"VAULT={'§' + 'hv' + 's.'}{drawn(24)}¤",
            f"{'§' + 'AGE-SECRET-' + 'KEY-1'}{drawn(58, UPPER)}¤",
            f"do = '§{'do' + 'p_v1_'}{drawn(64, HEX)}¤'",
            f"grafana §{'gl' + 'sa_'}{drawn(32)}_{drawn(8, HEX)}¤",
        ],
        "jwt": [
            f"Cookie: session=§{'ey' + 'J'}{drawn(30)}.{'ey' + 'J'}{drawn(80)}.{drawn(43)}¤",
            f"const t = '§{'ey' + 'J'}{drawn(20, seed='2')}.{'ey' + 'J'}{drawn(50)}.{drawn(86)}¤';",
        ],
        "password in an address": [
            f"DATABASE_URL=postgres://shop:§{drawn(12)}¤@db.internal:5432/shop",
            f"amqp://guest:§{drawn(9, seed='q')}¤@rabbit/%2f",
            f"redis://:§{drawn(20, seed='r')}¤@cache:6379/0",
            f"jdbc = 'mysql://root:§{drawn(10, seed='m')}!¤@10.0.0.5/shop'",
            f"http://proxyuser:§{drawn(8, seed='p')}¤@proxy.example:3128",
        ],
        "authorization header": [
            f"Authorization: Bearer §{drawn(40)}¤",
            f"headers['Authorization'] = 'x'; curl -H \"Authorization: Basic §{drawn(28, BASE64)}==¤\"",
        ],
        "private key": [
            _key_block("RSA PRIVATE KEY", 13) + f"\n§{_of_a_key_block('RSA PRIVATE KEY', 13)}¤",
            _key_block("PRIVATE KEY", 4, '    "', '\\n"') + f"\n§{_of_a_key_block('PRIVATE KEY', 4)}¤",
            _key_block("OPENSSH PRIVATE KEY", 6) + f"\n§{_of_a_key_block('OPENSSH PRIVATE KEY', 6)}¤",
            _key_block("EC PRIVATE KEY", 3, "+") + f"\n§{_of_a_key_block('EC PRIVATE KEY', 3)}¤",
            f'key = "{"-" * 5}BEGIN PRIVATE KEY{"-" * 5}\\n§{drawn(200, BASE64)}¤\\n{"-" * 5}END PRIVATE KEY{"-" * 5}"',
            f"   12    40 + {'-' * 5}BEGIN PRIVATE KEY{'-' * 5}\n   13    41 + §{drawn(64, BASE64, 'n')}¤",
        ],
        "assignment": [
            f'password = "§{drawn(10)}!¤"',
            f"  db_password: §{drawn(14, seed='y')}¤",
            f"String apiKey = \"§{drawn(32, HEX)}¤\";",
            f"const clientSecret: string = '§{drawn(40)}¤';",
            f'config["secret_key"] = "§{drawn(50, LETTERS + "!@#%^&*", "d")}¤"',
            f"export SESSION_SECRET=§{drawn(32, seed='e')}¤",
            f"ENV API_TOKEN §{''}¤={'§'}{drawn(24, seed='v')}¤".replace(" §¤", ""),
            f"<password>§{drawn(12, seed='xml')}#¤</password>",
            f"tool --password §{drawn(12, seed='cli')}¤ --verbose",
            f"auth_key := `§{drawn(32, seed='go')}¤`",
            f"'signing_key' => '§{drawn(44, BASE64)}=¤',",
            f"JWT_SECRET: '§{drawn(36, seed='w')}¤'",
            f'connect(host, password="§{drawn(9, seed="call")}?¤")',
            f"encryption-key = §{drawn(32, HEX, 'ini')}¤",
            f"client_secret=§{drawn(8, HEX)}-{drawn(4, HEX)}-{drawn(4, HEX, 'b')}-{drawn(12, HEX)}¤",
            f"-    old_token = '§{drawn(30, seed='removed')}¤'",
        ],
    }  # fmt: skip


def _sample(kind: str, written: str) -> Sample:
    secret = max((part.partition("¤")[0] for part in written.split("§")[1:]), key=len)
    return Sample(kind, written.replace("§", "").replace("¤", ""), secret)


POSITIVES = tuple(_sample(kind, text) for kind, texts in _positives().items() for text in texts)

NEGATIVES = tuple(
    Sample("none", text)
    for text in (
        'password = os.environ["DB_PASSWORD"]',
        "token = parser.next_token()",
        "api_key: ${API_KEY}",
        "secret: {{ .Values.secretName }}",
        'password = "changeme"',
        "def reset_password(user, new_password, token=None):",
        "if password != confirmation_password:",
        'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]',
        "tokens = tokenize(text, max_tokens=4096)",
        'cache_key = f"user:{user_id}:profile"',
        'key = "order_id"',
        'primary_key = "customer_id_2"',
        "sort(key=lambda item: item.created_at)",
        'foreign_key = ForeignKey("shop_orders.id")',
        "commit 4940cdaaf3b0c4428fc1c149afbf4c8996fb92427",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "--hash=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        'etag = "33a64df551425fcc55e4d42a148795d9f25f89d4"',
        'integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"',
        'uuid = "550e8400-e29b-41d4-a716-446655440000"',
        "https://example.com/reset?user=ada",
        "https://github.com/octo/shop/blob/main/app.py#L12-L40",
        "postgres://localhost:5432/shop",
        "postgres://user:password@localhost/shop",
        "mongodb://${USER}:${PASSWORD}@mongo:27017",
        "http://user@host:8080/path",
        "ssh://git@github.com:22/octo/shop.git",
        "Authorization: Bearer ${TOKEN}",
        "Authorization: Bearer <token>",
        "const SECRET_NAME = 'shop/database/credentials';",
        'secret_name = "projects/shop/secrets/db"',
        "token_type = 'bearer'",
        'token_url = "https://auth.example/oauth2/token"',
        "passwordMinLength: 12",
        "password_reset_timeout = 259200",
        'label = "Enter your password"',
        "access_key = None",
        "api_key=YOUR_API_KEY_HERE_12345",
        'api_key = "your-api-key-0123456789"',
        "private_key_path = '/etc/ssl/private/server.key'",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        'if "PRIVATE KEY" in text:\n    raise ValueError(text)',
        f'assert line.startswith("{"-" * 5}BEGIN RSA PRIVATE KEY{"-" * 5}")\npass\nreturn True',
        "sk-learn==1.5.0",
        "task-list-0123456789abcdef0123456789",
        "risk-assessment-of-the-year-2024-and-2025",
        "ghp_short",
        "AKIA is how such keys begin",
        "xoxb- is the prefix of a bot",
        "import { useToken } from '@shop/design-tokens/v2'",
        "color-token: var(--spacing-16-primary)",
        "import secrets; secrets.token_urlsafe(32)",
        "SELECT password_hash FROM users WHERE id = 1",
        "keyboard = 'qwerty123456'",
        "monkey_patch('threading1234567890')",
        "x = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
        "version = '2024.11.23-rc1+build.4711'",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
        "hash_key = row.partition_key",
        "<input type='password' name='password' autocomplete='current-password'>",
        "{{ secrets.GITHUB_TOKEN }}",
        "password: !vault |",
        "secretRef: {name: shop-db, key: password}",
        "api_key_header = APIKeyHeader(name='X-Shop-Key')",
        "the token [redacted: github token] was hidden",
        "env.TOKEN=process.env.TOKEN2",
        "eyJ is how a token begins",
        "npm_config_registry=https://registry.example",
        "nid_key = self._lib.NID_pbe_WithSHA1And3_Key_CBC",
        "open_key = win32api.RegOpenKeyEx",
        '"Idempotency-Key": f"shop-python-retry-{uuid4()}",',
        r'("token", r"\bab_[A-Za-z0-9]{30,255}")',
        "SG.mail is no key",
    )
)
