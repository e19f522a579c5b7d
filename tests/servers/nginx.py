"""The gateway: nginx with the deployment's own configuration, before services that listen on this machine."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from . import install
from .processes import Process, free_port, run, temporary_directory

DEPLOYED = Path(__file__).parents[2] / "deploy/images/gateway"
START_SECONDS = 30.0
HURRIED = {"client_header_timeout": "2s", "client_body_timeout": "2s"}
"""Time-outs that a test shortens, so that it does not wait as long as an attacker has to."""


class Gateway:
    """nginx as the image runs it, in a directory of its own. Only places and ports differ from the deployed files."""

    def __init__(self, services: Mapping[str, int], *, hurried: bool = True) -> None:
        """`services` gives the port of each service on 127.0.0.1; those left out do not answer. `hurried` shortens the
        time-outs of HURRIED. Raises Unavailable where nginx is not installed.
        """
        install.ensure_installed(rabbitmq=False, postgresql=False, nginx=True)
        self.port = free_port()
        self.directory = temporary_directory("gateway")
        self._make_certificate()
        self._write_configuration(services, hurried=hurried)
        self.process = Process(
            ["nginx", "-e", "stderr", "-c", self.directory / "nginx.conf", "-g", f"daemon off;{_user()}"],
            log=self.directory / "nginx.log",
            name="nginx",
        )

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> str:
        """The file of the certificate that its callers trust."""
        return str(self.directory / "secrets/tls_certificate")

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """Send a request; redirects are not followed."""
        given = {"verify": self.authority, "timeout": 30, "allow_redirects": False, **options}
        return requests.request(method, f"{self.url}{path}", **given)  # type: ignore[arg-type]

    def output(self) -> str:
        """What it has logged."""
        return self.process.output()

    def __enter__(self) -> Self:
        self.process.start()
        self.process.wait_for(self._answers, START_SECONDS, "answers")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self.ask("GET", "/registry")
        except requests.ConnectionError:
            return False
        return True

    def _make_certificate(self) -> None:
        secrets = self.directory / "secrets"
        secrets.mkdir()
        run(
            [
                *("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
                *("-keyout", secrets / "tls_key", "-out", secrets / "tls_certificate"),
            ],
            deadline_seconds=START_SECONDS,
        )

    def _write_configuration(self, services: Mapping[str, int], *, hurried: bool) -> None:
        shutil.copytree(DEPLOYED / "problems", self.directory / "problems")
        (self.directory / "tmp").mkdir()
        names = ("registry", "outreach", "activities", "finance", "reporting")
        upstreams = "".join(
            f"    upstream {name} {{ server 127.0.0.1:{services.get(name) or free_port()}; }}\n" for name in names
        )
        for file in DEPLOYED.glob("*.conf"):
            text = file.read_text(encoding="utf-8")
            text = text.replace("/etc/hongxia/", f"{self.directory}/")
            text = text.replace("/run/secrets/", f"{self.directory}/secrets/")
            text = re.sub(r"(unix:|path |pid )/tmp/", rf"\g<1>{self.directory}/tmp/", text)
            text = text.replace("listen 8443", f"listen {self.port}")
            text = text.replace("listen 127.0.0.1:8081", f"listen 127.0.0.1:{free_port()}")
            text = text.replace("$service:8080", "$service").replace("\nhttp {\n", f"\nhttp {{\n{upstreams}")
            for directive, value in (HURRIED if hurried else {}).items():
                text = re.sub(rf"{directive} \w+;", f"{directive} {value};", text)
            (self.directory / file.name).write_text(text, encoding="utf-8")


def _user() -> str:
    """As root nginx would hand its workers to another account, which may not enter our directory."""
    return " user root;" if os.geteuid() == 0 else ""
