"""A child process ends when it must, takes its children along, and never passes failure off as a result."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from reviewbot.engine.child_process import STDERR_TAIL_BYTES, ChildResult, run_child


def run_python(
    program: str,
    cwd: Path,
    *,
    stdin: bytes = b"",
    timeout_seconds: float = 10.0,
    max_output_bytes: int = 1_000_000,
    memory_limit_bytes: int | None = None,
) -> ChildResult:
    return run_child(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=cwd,
        stdin=stdin,
        timeout_seconds=timeout_seconds,
        max_output_bytes=max_output_bytes,
        environment={"GIVEN": "yes"},
        memory_limit_bytes=memory_limit_bytes,
    )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or " Z " not in Path(f"/proc/{pid}/stat").read_text()


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 2
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def test_output_exit_code_and_errors_come_back_as_they_are(tmp_path: Path) -> None:
    result = run_python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)

    assert result == ChildResult(exit_code=3, stdout=b"out\n", stderr_tail="err", failure=None)


def test_a_large_input_reaches_a_child_that_answers_while_it_reads(tmp_path: Path) -> None:
    text = b"0123456789abcdef" * 50_000

    result = run_python(
        "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)", tmp_path, stdin=text
    )

    assert result.failure is None
    assert result.stdout == text


def test_input_that_the_child_does_not_read_is_no_failure(tmp_path: Path) -> None:
    result = run_python("print('done')", tmp_path, stdin=b"x" * 1_000_000)

    assert (result.exit_code, result.stdout, result.failure) == (0, b"done\n", None)


def test_f59_a_hanging_child_is_killed_at_its_time_limit_and_says_so(tmp_path: Path) -> None:
    started = time.monotonic()

    result = run_python("import time; print('begun', flush=True); time.sleep(60)", tmp_path, timeout_seconds=0.3)

    assert time.monotonic() - started < 3
    assert result.exit_code is None
    assert result.failure is not None
    assert "did not finish within 0.3 seconds" in result.failure


def test_a_child_that_closes_its_output_and_hangs_is_killed_too(tmp_path: Path) -> None:
    result = run_python("import os, time; os.close(1); os.close(2); time.sleep(60)", tmp_path, timeout_seconds=0.3)

    assert result.failure is not None


@pytest.mark.parametrize("ending", ["sys.exit(0)", "time.sleep(60)"], ids=["parent ends", "parent hangs"])
def test_f59_a_grandchild_that_keeps_the_pipes_open_is_killed_with_its_group(tmp_path: Path, ending: str) -> None:
    program = f"""
import os, sys, time
pid = os.fork()
if pid == 0:
    time.sleep(60)
print(pid, flush=True)
{ending}
"""
    started = time.monotonic()

    result = run_python(program, tmp_path, timeout_seconds=0.5)

    assert time.monotonic() - started < 3
    assert wait_until_gone(int(result.stdout))
    assert (result.failure is None) == (ending == "sys.exit(0)")


def test_f59_a_grandchild_in_a_session_of_its_own_cannot_hold_the_caller(tmp_path: Path) -> None:
    program = (
        "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(4)\nelse:\n    time.sleep(0.1); print('done')"
    )
    started = time.monotonic()

    result = run_python(program, tmp_path)

    assert time.monotonic() - started < 3
    assert (result.exit_code, result.stdout) == (0, b"done\n")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_f59_a_child_that_writes_without_end_is_killed_and_its_output_cut(tmp_path: Path, stream: str) -> None:
    result = run_python(f"import sys\nwhile True: sys.{stream}.write('x' * 10000)", tmp_path, max_output_bytes=50_000)

    assert result.failure is not None
    assert "wrote more than 50000 bytes" in result.failure
    assert len(result.stdout) <= 50_000
    assert len(result.stderr_tail) <= STDERR_TAIL_BYTES


def test_too_much_output_is_a_failure_also_when_the_child_ended_in_time(tmp_path: Path) -> None:
    result = run_python("print('x' * 20_000)", tmp_path, max_output_bytes=10_000)

    assert result.failure is not None
    assert "wrote more than" in result.failure


def test_a_program_that_is_not_there_is_named_with_a_remedy(tmp_path: Path) -> None:
    result = run_child(
        ["no-such-program"],
        cwd=tmp_path,
        stdin=b"",
        timeout_seconds=5,
        max_output_bytes=1000,
        environment={},
        memory_limit_bytes=None,
    )

    assert result.exit_code is None
    assert result.failure is not None
    assert "no-such-program was not found" in result.failure
    assert "install it" in result.failure


def test_a_file_that_is_no_program_is_a_failure_and_not_an_exit_code(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00\x01\x02")
    broken.chmod(0o755)

    result = run_child(
        [str(broken)],
        cwd=tmp_path,
        stdin=b"",
        timeout_seconds=5,
        max_output_bytes=1000,
        environment={},
        memory_limit_bytes=None,
    )

    assert result.exit_code is None
    assert result.failure is not None
    assert "cannot be started" in result.failure


def test_a_directory_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    result = run_python("print(1)", tmp_path / "missing")

    assert result.exit_code is None
    assert result.failure is not None
    assert "missing" in result.failure


def test_f59_death_by_a_signal_is_a_failure_that_names_the_signal(tmp_path: Path) -> None:
    result = run_python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", tmp_path)

    assert result.exit_code == -11
    assert result.failure is not None
    assert "SIGSEGV" in result.failure


def test_the_child_sees_the_given_environment_and_nothing_of_ours(tmp_path: Path) -> None:
    result = run_python("import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))", tmp_path)

    assert result.stdout.decode().strip() == "['GIVEN', 'PATH']"


def test_the_child_inherits_no_open_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("token")
    with secret.open() as handle:
        os.set_inheritable(handle.fileno(), True)

        result = run_python(f"import os; print(os.path.exists('/dev/fd/{handle.fileno()}'))", tmp_path)

    assert result.stdout == b"False\n"


def test_the_child_leads_a_session_of_its_own_with_default_signals_and_no_core_files(tmp_path: Path) -> None:
    program = "import os, resource; print(os.getsid(0) == os.getpid(), resource.getrlimit(resource.RLIMIT_CORE))"

    result = run_python(program, tmp_path)

    assert result.stdout == b"True (0, 0)\n"


def test_a_broken_pipe_ends_the_child_as_it_would_from_a_terminal(tmp_path: Path) -> None:
    result = run_child(
        ["sh", "-c", "trap '' TERM; grep -i '^SigIgn' /proc/self/status || echo unknown"],
        cwd=tmp_path,
        stdin=b"",
        timeout_seconds=5,
        max_output_bytes=1000,
        environment={},
        memory_limit_bytes=None,
    )

    ignored = result.stdout.split()[-1]
    assert ignored == b"unknown" or int(ignored, 16) & (1 << 12) == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not enforce a limit of the address space")
def test_f59_a_child_over_its_memory_limit_fails_by_itself(tmp_path: Path) -> None:
    result = run_python("x = bytearray(900_000_000); print('had it')", tmp_path, memory_limit_bytes=400_000_000)

    assert result.exit_code == 1
    assert "MemoryError" in result.stderr_tail
