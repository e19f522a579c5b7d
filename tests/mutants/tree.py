"""A copy of the tree to put faults into, with a Python environment that imports it. The checkout stays as it is."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.operators import Mutant

ROOT = Path(__file__).parents[2]
SUFFIXES = (".py", ".yaml", ".json")


@dataclass(frozen=True, slots=True)
class Sources:
    """The digests of the files, by path, from which it is seen what an earlier run still says."""

    digests: Mapping[str, str]

    @property
    def tests(self) -> list[str]:
        """The files with tests."""
        return [file for file in self.digests if _is_test_file(file)]

    @property
    def base(self) -> str:
        """A text that changes with everything but the files with tests: the code and what several tests use."""
        return self._joined(file for file in self.digests if not _is_test_file(file))

    @property
    def whole(self) -> str:
        """A text that changes with every file."""
        return self._joined(self.digests)

    def of(self, file: str) -> str:
        """A text that changes with one file; empty if it is not there."""
        return self.digests.get(file, "")[:16]

    def _joined(self, files: Iterable[str]) -> str:
        lines = "\n".join(f"{file} {self.digests[file]}" for file in files)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _is_test_file(file: str) -> bool:
    return file.startswith("tests/") and file.rpartition("/")[2].startswith("test_") and file.endswith(".py")


class Tree:
    """A copy of what git knows of, and of files not yet added, under `directory`."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "tree"
        self.environment = directory / "environment"

    def make(self) -> Tree:
        """Copy the files, compile them, and make the environment."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.path / name)
        self._make_environment()
        self.compile("hongxia", "services", "tests")
        return self

    def _make_environment(self) -> None:
        """The packages are those of the environment that runs now, but for the installed project itself.

        Only paths are added, and the hook of an editable installation is not among them.
        """
        own = self.environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        programs = self.environment / "bin"
        own.mkdir(parents=True)
        programs.mkdir()
        shutil.copy2(Path(sys.prefix) / "pyvenv.cfg", self.environment)
        packages = [path for path in sys.path if path.endswith("site-packages")]
        (own / "tree.pth").write_text("\n".join([str(self.path), *packages]) + "\n", encoding="utf-8")
        for program in Path(sys.prefix, "bin").iterdir():
            if program.name.startswith("python"):
                (programs / program.name).symlink_to(program.resolve())
            elif program.name == "hongxia":
                script = program.read_text(encoding="utf-8").replace(sys.prefix, str(self.environment))
                (programs / program.name).write_text(script, encoding="utf-8")
                (programs / program.name).chmod(0o755)
            elif program.is_file():
                (programs / program.name).symlink_to(program)

    def compile(self, *directories: str) -> None:
        """Compile by content: by time and size a mutant of the same length could be taken for the original."""
        how = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash", *directories]
        subprocess.run([str(self.python), *how], cwd=self.path, check=True)

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.environment / "bin" / "python"

    def sources(self) -> Sources:
        """Return what the files in the copy are now, but for those of this tool."""
        found = {}
        for name in ("hongxia", "services", "contracts", "tests"):
            for path in sorted((self.path / name).rglob("*")):
                file = path.relative_to(self.path).as_posix()
                if path.suffix in SUFFIXES and path.is_file() and "mutants" not in file:
                    found[file] = hashlib.sha256(path.read_bytes()).hexdigest()
        return Sources(found)

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """Keep the fault in the copy for the time of the block."""
        file = self.path / mutant.path
        source = file.read_bytes()
        try:
            file.write_bytes(mutant.applied(source))
            yield
        finally:
            file.write_bytes(source)
