"""A copy of the tree to put faults into, with a Python environment that imports it. The checkout stays as it is."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.operators import Mutant

ROOT = Path(__file__).parents[2]


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

    def digest(self, words: Iterable[str] = ()) -> str:
        """Return a text that changes with the sources in the copy, but for those of this tool, and with the words."""
        files = sorted(path for name in ("hongxia", "services", "tests") for path in (self.path / name).rglob("*.py"))
        files = [file for file in files if "mutants" not in file.relative_to(self.path).as_posix()]
        found = hashlib.sha256("\n".join(words).encode())
        for file in files:
            found.update(f"{file.relative_to(self.path)}\n".encode() + file.read_bytes())
        return found.hexdigest()[:16]

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
