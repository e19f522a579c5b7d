import contextlib
import stat
from pathlib import Path

import pytest

from tests.servers import Unavailable, ensure_installed, install


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_newest_postgresql_is_taken_by_number_and_only_if_it_is_a_server(tmp_path: Path) -> None:
    for version, names in {"9": ["initdb", "postgres"], "15": ["initdb", "postgres"], "17": ["psql"]}.items():
        for name in names:
            program(tmp_path / "usr/lib/postgresql" / version / "bin" / name)
    assert install.postgresql_folder(tmp_path) == tmp_path / "usr/lib/postgresql/15/bin"


def test_who_may_not_install_is_told_what_is_missing_and_what_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(install, "rabbitmq_folder", lambda: None)
    monkeypatch.setattr(install, "postgresql_folder", lambda: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match=r"缺少.*missing.*rabbitmq.*postgresql.*install") as caught:
        ensure_installed()
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(Unavailable) as caught:
        ensure_installed(postgresql=False)
    assert "postgresql" not in str(caught.value)


@pytest.mark.parametrize(
    ("system", "platform", "advised"),
    [
        ("debian", "linux", "--no-install-recommends chromium fonts-noto-cjk"),
        ("ubuntu", "linux", "--no-install-recommends fonts-noto-cjk && .venv/bin/playwright install"),
        ("", "darwin", "brew install google-chrome"),
    ],
)
def test_who_has_no_browser_is_told_what_installs_one_on_this_system(
    system: str, platform: str, advised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "chromium_program", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": system})
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("os.geteuid", lambda: 0 if system == "ubuntu" else 1000)
    with pytest.raises(Unavailable, match=r"缺少.*missing.*chromium") as caught:
        ensure_installed(rabbitmq=False, postgresql=False, chromium=True)
    assert advised in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_browser_is_found_by_name_or_at_its_place_but_not_in_a_snap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(program(tmp_path / "snap/bin/chromium").parent))
    assert install.chromium_program(tmp_path) is None
    at_home = program(tmp_path / "home/.cache/ms-playwright/chromium-1234/chrome-linux64/chrome")
    assert install.chromium_program(tmp_path) == at_home
    placed = program(tmp_path / "Applications/Chromium.app/Contents/MacOS/Chromium")
    assert install.chromium_program(tmp_path) == placed
    named = program(tmp_path / "bin/google-chrome")
    monkeypatch.setenv("PATH", str(named.parent))
    assert install.chromium_program(tmp_path) == named


def test_without_a_policy_daemons_are_denied_for_the_time_being(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with install.daemons_denied(policy):
        assert policy.read_text() == install.DENY
        assert policy.stat().st_mode & stat.S_IXUSR
    assert list(tmp_path.iterdir()) == []


def test_a_policy_that_allows_daemons_is_put_back_even_after_a_failure(tmp_path: Path) -> None:
    policy = program(tmp_path / "policy-rc.d", "#!/bin/sh\nexit 0\n")
    with contextlib.suppress(RuntimeError), install.daemons_denied(policy):
        assert policy.read_text() == install.DENY
        raise RuntimeError("apt-get failed")
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert list(tmp_path.iterdir()) == [policy]


def test_a_policy_that_denies_daemons_already_is_left_alone(tmp_path: Path) -> None:
    policy = program(tmp_path / "policy-rc.d", "#!/bin/sh\n# an image's own\nexit 101\n")
    with install.daemons_denied(policy):
        assert "an image's own" in policy.read_text()
    assert "an image's own" in policy.read_text()


def test_what_an_installation_that_was_cut_off_left_is_put_right_by_the_next(tmp_path: Path) -> None:
    policy = program(tmp_path / "policy-rc.d", install.DENY)
    program(tmp_path / ("policy-rc.d" + install.ASIDE), "#!/bin/sh\nexit 0\n")
    with install.daemons_denied(policy):
        assert policy.read_text() == install.DENY
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
