"""Routes of a repository and its content."""

from __future__ import annotations

import base64
from typing import Any

from tests.fakes.github.diffs import diff_between
from tests.fakes.github.pull_views import file_view, pull_list_view
from tests.fakes.github.routes_pulls import pull_of, refuse_large_diff, wants_diff
from tests.fakes.github.views import full_repository_view, user_view
from tests.fakes.github.web import ApiError, Response, Visit, not_found, route

_TYPES = {"120000": "symlink", "160000": "submodule"}


@route("GET", "/repos/{owner}/{repo}", "metadata:read")
def repository(visit: Visit) -> Response:
    return Response(200, full_repository_view(visit.world, visit.repo))


@route("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", "metadata:read")
def permission(visit: Visit) -> Response:
    world = visit.world
    found = world.users.get(visit.params["login"].lower())
    if found is None:
        raise ApiError(404, f"{visit.params['login']} is not a user")
    role = visit.repo.permissions.get(found.login.lower(), "none" if visit.repo.is_private else "read")
    if found.id == visit.repo.owner.id:
        role = "admin"
    coarse = {"maintain": "write", "triage": "read"}.get(role, role)
    may = {"admin": 4, "maintain": 3, "write": 2, "triage": 1}.get(role, 0)
    names = ("triage", "push", "maintain", "admin")
    permissions = {"pull": role != "none"} | {name: may > place for place, name in enumerate(names)}
    shown = (user_view(world, found) or {}) | {"permissions": permissions, "role_name": role}
    return Response(200, {"permission": coarse, "user": shown, "role_name": role})


@route("GET", "/repos/{owner}/{repo}/contents/{path:rest}", "contents:read")
def contents(visit: Visit) -> Response:
    store, path = visit.repo.store, visit.params["path"].strip("/")
    ref = visit.request.query.get("ref") or visit.repo.default_branch
    commit = store.commit_named(ref)
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    files = store.files(commit)
    if path in files:
        mode, sha = files[path]
        return _file_answer(visit, path, mode, sha, ref)
    below = sorted({name[len(path) + 1 :].partition("/")[0] for name in files if name.startswith(f"{path}/")})
    if not below:
        raise not_found()
    entries = []
    for name in below:
        whole = f"{path}/{name}"
        mode, sha = files.get(whole, ("040000", commit))
        raw = b"" if mode in ("040000", "160000") else store.blob(sha) or b""
        kind = "dir" if mode == "040000" else _TYPES.get(mode, "file")
        entries.append(_entry(visit, whole, kind, sha, len(raw), ref))
    return Response(200, entries)


def _file_answer(visit: Visit, path: str, mode: str, sha: str, ref: str) -> Response:
    kind = _TYPES.get(mode, "file")
    raw = b"" if kind == "submodule" else visit.repo.store.blob(sha) or b""
    if len(raw) > 100_000_000:
        raise ApiError(403, "This API returns blobs up to 100 MB in size.", [{"code": "too_large"}])
    if ".raw" in visit.request.accept and kind != "submodule":
        return Response(200, raw=raw, kind="application/vnd.github.raw+json; charset=utf-8")
    view = _entry(visit, path, kind, sha, len(raw), ref)
    if kind == "symlink":
        view["target"] = raw.decode(errors="replace")
    elif kind == "submodule":
        view["submodule_git_url"] = f"{visit.world.git_url}/elsewhere/module.git"
    else:
        is_small = len(raw) <= 1_000_000
        view["encoding"] = "base64" if is_small else "none"
        view["content"] = base64.encodebytes(raw).decode() if is_small else ""
    return Response(200, view)


def _entry(visit: Visit, path: str, kind: str, sha: str, size: int, ref: str) -> dict[str, Any]:
    world, name = visit.world, visit.repo.full_name
    url = f"{world.api_url}/repos/{name}/contents/{path}?ref={ref}"
    git_url = f"{world.api_url}/repos/{name}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    html = f"{world.web_url}/{name}/blob/{ref}/{path}"
    return {
        "type": kind,
        "size": size,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "url": url,
        "git_url": git_url,
        "html_url": html,
        "download_url": None if kind in ("dir", "submodule") else f"{world.web_url}/raw/{name}/{ref}/{path}",
        "_links": {"self": url, "git": git_url, "html": html},
    }


@route("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", "contents:read")
def blob(visit: Visit) -> Response:
    sha = visit.params["sha"]
    raw = visit.repo.store.blob(sha) if len(sha) == 40 else None
    if raw is None:
        raise not_found()
    if ".raw" in visit.request.accept:
        return Response(200, raw=raw, kind="application/vnd.github.raw+json; charset=utf-8")
    url = f"{visit.world.api_url}/repos/{visit.repo.full_name}/git/blobs/{sha}"
    content = base64.encodebytes(raw).decode()
    view = {"sha": sha, "node_id": f"B_{sha[:12]}", "size": len(raw), "url": url}
    return Response(200, view | {"content": content, "encoding": "base64"})


@route("GET", "/repos/{owner}/{repo}/compare/{range:rest}", "contents:read")
def compare(visit: Visit) -> Response:
    store, world = visit.repo.store, visit.world
    base_name, _, head_name = visit.params["range"].partition("...")
    base, head = store.commit_named(base_name.rpartition(":")[2]), store.commit_named(head_name.rpartition(":")[2])
    if base is None or head is None:
        raise not_found()
    diff = diff_between(store, base, head)
    if wants_diff(visit):
        refuse_large_diff(diff)
        return Response(200, raw=diff.text, kind="application/vnd.github.diff; charset=utf-8")
    ahead, behind = store.between(base, head), store.between(head, base)
    status = {(0, 0): "identical", (1, 0): "ahead", (0, 1): "behind", (1, 1): "diverged"}[bool(ahead), bool(behind)]
    url = f"{world.api_url}/repos/{visit.repo.full_name}/compare/{base_name}...{head_name}"
    html = f"{world.web_url}/{visit.repo.full_name}/compare/{base_name}...{head_name}"
    is_first = visit.request.query.get("page", "1") == "1"
    answer = visit.page(ahead[-250:], lambda sha: commit_view(visit, sha))
    commits, answer.content = (
        answer.content,
        {
            "url": url,
            "html_url": html,
            "permalink_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "base_commit": commit_view(visit, base),
            "merge_base_commit": commit_view(visit, diff.merge_base),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "files": [file_view(world, visit.repo, head, one) for one in diff.files[:300]] if is_first else [],
        },
    )
    answer.content["commits"] = commits
    return answer


@route("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents:read")
def commit(visit: Visit) -> Response:
    sha = visit.repo.store.commit_named(visit.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {visit.params['ref']}")
    return Response(200, commit_view(visit, sha))


@route("GET", "/repos/{owner}/{repo}/commits/{sha}/pulls", "pull_requests:read")
def pulls_of_commit(visit: Visit) -> Response:
    """The merged pull request that brought a commit, or those that hold it."""
    store, sha = visit.repo.store, visit.repo.store.commit_named(visit.params["sha"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {visit.params['sha']}")
    found = [
        one for one in visit.repo.pulls.values() if sha == one.merge_commit or sha in store.between(one.base, one.head)
    ]
    return visit.page(found, lambda one: pull_list_view(visit.world, visit.repo, one))


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/commits", "pull_requests:read")
def commits_of_pull(visit: Visit) -> Response:
    found = pull_of(visit)
    shas = visit.repo.store.between(found.base, found.head)[:250]
    return visit.page(shas, lambda sha: commit_view(visit, sha))


def commit_view(visit: Visit, sha: str) -> dict[str, Any]:
    world, store = visit.world, visit.repo.store
    url = f"{world.api_url}/repos/{visit.repo.full_name}"
    html = f"{world.web_url}/{visit.repo.full_name}/commit/{sha}"
    who = {"name": "Ada", "email": "ada@example.org", "date": world.clock.stamp(world.began_at)}
    inner = {
        "author": who,
        "committer": who,
        "message": store.messages.get(sha, ""),
        "tree": {"sha": sha, "url": f"{url}/git/trees/{sha}"},
        "url": f"{url}/git/commits/{sha}",
        "comment_count": 0,
    }
    parents = [{"sha": one, "url": f"{url}/commits/{one}", "html_url": html} for one in store.parents.get(sha, ())]
    return {
        "sha": sha,
        "node_id": f"C_{sha[:12]}",
        "commit": inner,
        "url": f"{url}/commits/{sha}",
        "html_url": html,
        "comments_url": f"{url}/commits/{sha}/comments",
        "author": None,
        "committer": None,
        "parents": parents,
    }
