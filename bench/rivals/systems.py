"""The systems that are compared: what each consists of, and how it is started, killed and started again.

Each is started as its own documentation says, with its own defaults where those are durable.
"""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

from rivals import install
from rivals.processes import PATIENCE, Server, Worker, children, free_port, low_ports

HERE = Path(__file__).resolve().parent
NOBODY = 65534


class System:
    """One system in a folder of its own; `environment` is the application's."""

    title: str
    language: str
    store: str
    is_engine = True
    """Whether it is an engine that somebody else wrote; the others are Conductor and code by hand."""
    lacks: dict[str, str] = {}
    """Why a part of the measurements is not for it, by the part."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.folder = folder
        self.environment: dict[str, str] = {}
        self.servers: list[Server] = []
        self.postgres: Postgres | None = None
        self.database: Server | None = None
        self.workers: list[Worker] = []
        source = HERE / self.source()
        shutil.copytree(source, folder)
        for driver in ("driver.py", "driver.js"):
            shutil.copy(HERE / driver, folder)
        self.prepare()

    def source(self) -> str:
        return self.name

    def prepare(self) -> None:
        """Whatever is done once, before the first start."""

    def serve(self) -> None:
        """Starts what runs beside the application."""

    def command(self) -> list[str]:
        """Starts the application."""
        raise NotImplementedError

    def work(self) -> None:
        self.workers = [Worker(self.command(), self.folder, self.environment)]

    def start(self, **environment: str) -> None:
        self.environment |= environment
        if self.postgres and not self.database:
            self.database = self.postgres.start()
        self.serve()
        self.work()

    def client(self) -> Worker:
        """Who is asked to start runs."""
        return self.workers[-1]

    def served(self) -> Worker:
        """Where the steps are run."""
        return self.workers[0]

    def beside(self) -> list[int]:
        """All processes that it takes beside the application."""
        servers = [*self.servers, *filter(None, [self.database])]
        return [pid for server in servers for pid in children(server.process.pid)]

    def pids(self) -> list[int]:
        return self.beside() + [pid for worker in self.workers for pid in children(worker.process.pid)]

    def stop(self, sign: int = signal.SIGTERM) -> None:
        """Ends all but the database, the application first."""
        for worker in self.workers:
            worker.end(sign)
        for server in reversed(self.servers):
            server.end(sign)
        self.workers, self.servers = [], []

    def end(self) -> None:
        """Leaves nothing running."""
        self.stop(signal.SIGKILL)
        if self.database:
            self.database.end(signal.SIGTERM)
            self.database = None


def until(is_ready: Callable[[], bool], what: str, server: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_ready():
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{what} is not ready")
        time.sleep(0.005)


class Postgres:
    """A cluster of the system's own, as `initdb` makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        self.port = free_port()
        self.more: dict[str, Any] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        self.folder.mkdir()
        if self.more:
            os.chown(self.folder, NOBODY, NOBODY)
        command = [
            str(install.postgres() / "initdb"),
            "--username=app",
            "--auth=trust",
            "--locale=C",
            "--encoding=UTF8",
        ]
        subprocess.run([*command, "-D", "data"], cwd=self.folder, check=True, capture_output=True, **self.more)

    def url(self) -> str:
        return f"postgresql://app@127.0.0.1:{self.port}/postgres"

    def start(self) -> Server:
        command = [str(install.postgres() / "postgres"), "-D", "data", "-p", str(self.port), "-k", ""]
        (self.folder / "postgres.log").touch()
        server = Server(command, self.folder, "postgres.log", **self.more)
        ready = "database system is ready to accept connections"
        before = (self.folder / "postgres.log").read_text().count(ready)
        until(lambda: (self.folder / "postgres.log").read_text().count(ready) > before, "PostgreSQL", server)
        return server


class Hand(System):
    title = "by hand, SQLite in the process"
    store = "SQLite"
    is_engine = False


class HandPython(Hand):
    language = "Python"

    def command(self) -> list[str]:
        return [str(install.python("")), "app.py"]


class HandTypeScript(Hand):
    language = "TypeScript"

    def command(self) -> list[str]:
        return [str(install.node()), "--disable-warning=ExperimentalWarning", "app.js"]


class Conductor(System):
    title = "Conductor"
    store = "SQLite"
    is_engine = False

    def prepare(self) -> None:
        self.binary = os.environ.get("CONDUCTOR_BINARY", "conductor")
        subprocess.run([self.binary, "build"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        if self.store == "PostgreSQL":
            self.postgres = Postgres(self.folder)

    def serve(self) -> None:
        command = [self.binary, "sidecar", "--http", "off"]
        if self.postgres:
            command += ["--store", self.postgres.url()]
        log = self.folder / "sidecar.log"
        before = log.read_text().count("ready\n") if log.exists() else 0
        server = Server(command, self.folder, "sidecar.log")
        self.servers.append(server)
        until(lambda: log.read_text().count("ready\n") > before, "the sidecar", server)


class ConductorPython(Conductor):
    language = "Python"

    def command(self) -> list[str]:
        return [str(install.python("")), "main.py"]


class ConductorTypeScript(Conductor):
    language = "TypeScript"

    def command(self) -> list[str]:
        return [str(install.node()), "main.js"]


class DbosPython(System):
    title = "DBOS"
    language = "Python"
    store = "SQLite"

    def prepare(self) -> None:
        if self.store == "PostgreSQL":
            self.postgres = Postgres(self.folder)
        self.environment["DATABASE"] = self.postgres.url() if self.postgres else "sqlite:///dbos.sqlite"

    def command(self) -> list[str]:
        return [str(install.python("dbos-python")), "main.py"]


class DbosTypeScript(DbosPython):
    language = "TypeScript"
    store = "PostgreSQL"

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "node_modules").symlink_to(install.npm("dbos-typescript"))

    def command(self) -> list[str]:
        return [str(install.node()), "app.js"]


def post(url: str, body: str) -> None:
    request = urllib.request.Request(url, body.encode(), {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=60).read()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status < 300)
    except (urllib.error.URLError, OSError):
        return False


class Restate(System):
    """The server, the service, and a process that calls it over the ingress, each as the documentation has them."""

    title = "Restate"
    store = "RocksDB in its server"

    def prepare(self) -> None:
        self.ports = {name: free_port() for name in ("ingress", "admin", "fabric", "service")}
        self.is_registered = False
        shutil.copy(HERE / "restate-client/main.js", self.folder / "client.js")
        self.environment |= {
            "PORT": str(self.ports["service"]),
            "INGRESS": f"http://127.0.0.1:{self.ports['ingress']}",
        }

    def serve(self) -> None:
        environment = os.environ | {
            "RESTATE_DISABLE_TELEMETRY": "true",
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{self.ports['ingress']}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{self.ports['admin']}",
            "RESTATE_BIND_ADDRESS": f"127.0.0.1:{self.ports['fabric']}",
        }
        command = [str(install.restate_server()), "--base-dir", "restate-data", "--node-name", "rival"]
        self.servers.append(Server(command, self.folder, "server.log", env=environment))

    def work(self) -> None:
        super().work()
        server, admin = self.servers[0], f"http://127.0.0.1:{self.ports['admin']}"
        until(lambda: answers(f"{admin}/health"), "Restate's server", server)
        if not self.is_registered:
            post(f"{admin}/deployments", f'{{"uri": "http://127.0.0.1:{self.ports["service"]}"}}')
            self.is_registered = True
        until(lambda: answers(f"{self.environment['INGRESS']}/restate/health"), "Restate's ingress", server)
        self.workers.append(Worker([str(install.node()), "client.js"], self.folder, self.environment))


class RestateTypeScript(Restate):
    language = "TypeScript"

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "node_modules").symlink_to(install.npm("restate-typescript"))

    def command(self) -> list[str]:
        return [str(install.node()), "main.js"]


class RestatePython(Restate):
    language = "Python"

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "package.json").write_text('{"private": true, "type": "module"}')

    def command(self) -> list[str]:
        return [str(install.python("restate-python")), "main.py"]


class Temporal(System):
    """All services of the server in one process, as its development configurations have them, with SQLite in a file."""

    title = "Temporal"
    store = "SQLite in its server"

    def prepare(self) -> None:
        self.has_schema = False
        persistence = "sqlite.yaml"
        if self.store == "PostgreSQL":
            self.postgres = Postgres(self.folder)
            persistence = "postgres.yaml"
        services = ("frontend", "matching", "history", "worker")
        ports = {service: str(free_port()) for service in services}
        # The schema for PostgreSQL keeps them as `smallint`.
        members = zip(services, low_ports(len(services)), strict=True)
        ports |= {f"{service}_members": str(port) for service, port in members}
        if self.postgres:
            ports["database"] = str(self.postgres.port)
        parts = {"persistence": (HERE / "temporal-server" / persistence).read_text()}
        (self.folder / "config").mkdir()
        text = Template((HERE / "temporal-server/config.yaml").read_text()).safe_substitute(parts)
        (self.folder / "config/rival.yaml").write_text(Template(text).substitute(ports))
        self.environment["ADDRESS"] = f"127.0.0.1:{ports['frontend']}"

    def make_schema(self, postgres: Postgres) -> None:
        """In two databases, as the server's own Makefile does it."""
        for database, name in (("temporal", "temporal"), ("temporal_visibility", "visibility")):
            where = ["--plugin", "postgres12", "--port", str(postgres.port), "--user", "app", "--database", database]
            for what in ("create", "setup-schema --version 0.0", f"update-schema --schema-name postgresql/v12/{name}"):
                command = [str(install.go("temporal") / "sql"), *where, *what.split()]
                subprocess.run(command, check=True, capture_output=True)

    def serve(self) -> None:
        if self.postgres and not self.has_schema:
            self.make_schema(self.postgres)
            self.has_schema = True
        options = ["--root", ".", "--config", "config", "--env", "rival", "--allow-no-auth"]
        server = Server([str(install.go("temporal") / "server"), *options, "start"], self.folder, "server.log")
        self.servers.append(server)
        register = [str(install.python("temporal-python")), str(HERE / "temporal-server/register.py")]
        subprocess.run([*register, self.environment["ADDRESS"]], check=True)


class TemporalPython(Temporal):
    language = "Python"

    def command(self) -> list[str]:
        return [str(install.python("temporal-python")), "main.py"]


class TemporalTypeScript(Temporal):
    language = "TypeScript"

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "node_modules").symlink_to(install.npm("temporal-typescript"))

    def command(self) -> list[str]:
        return [str(install.node()), "main.js"]


class Prefect(System):
    """The server as `prefect server start` has it, on PostgreSQL, and flows that the application calls."""

    title = "Prefect"
    language = "Python"
    lacks = {"timers": "it has no timer in a flow that outlives its process"}

    def prepare(self) -> None:
        self.postgres = Postgres(self.folder)
        port = free_port()
        self.environment |= {
            "PREFECT_HOME": str(self.folder / "home"),
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": self.postgres.url().replace("://", "+asyncpg://"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "DO_NOT_TRACK": "1",
        }

    def serve(self) -> None:
        command = [str(install.python("prefect-python").with_name("prefect")), "server", "start"]
        server = Server(command, self.folder, "server.log", env=os.environ | self.environment)
        self.servers.append(server)
        until(lambda: answers(f"{self.environment['PREFECT_API_URL']}/health"), "Prefect's server", server)

    def command(self) -> list[str]:
        return [str(install.python("prefect-python")), "main.py"]


class DaprPython(System):
    """The sidecar and the two services that it needs for workflows, as without containers, with SQLite in a file."""

    title = "Dapr Workflow"
    language = "Python"
    store = "SQLite in its sidecar"
    lacks = {"timers": "10,000 workflows that wake at once have not ended after ten minutes; 1,000 do"}

    def prepare(self) -> None:
        names = ("placement", "raft", "scheduler", "etcd", "etcd_peers", "http", "grpc", "internal")
        self.ports = {name: str(free_port()) for name in names}
        self.environment["DAPR_GRPC_PORT"] = self.ports["grpc"]

    def run(self, program: str, **options: str) -> None:
        """Starts one of its programs, which all have these options."""
        options |= {
            "log_level": "warn",
            "metrics_listen_address": "127.0.0.1",
            "metrics_port": str(free_port()),
        }
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self.servers.append(Server([str(install.dapr() / program), *words], self.folder, "server.log"))

    def control(self, program: str, **options: str) -> None:
        """Starts a service of the control plane."""
        self.run(
            program,
            port=self.ports[program],
            listen_address="127.0.0.1",
            healthz_listen_address="127.0.0.1",
            healthz_port=str(free_port()),
            **options,
        )

    def serve(self) -> None:
        ports = self.ports
        self.control("placement", initial_cluster=f"dapr-placement-0=127.0.0.1:{ports['raft']}")
        self.control(
            "scheduler",
            etcd_data_dir="etcd",
            etcd_client_port=ports["etcd"],
            etcd_initial_cluster=f"dapr-scheduler-server-0=http://127.0.0.1:{ports['etcd_peers']}",
        )
        self.run(
            "daprd",
            app_id="rival",
            config="config.yaml",
            resources_path="resources",
            dapr_listen_addresses="127.0.0.1",
            dapr_http_port=ports["http"],
            dapr_grpc_port=ports["grpc"],
            dapr_internal_grpc_listen_address="127.0.0.1",
            dapr_internal_grpc_port=ports["internal"],
            placement_host_address=f"127.0.0.1:{ports['placement']}",
            scheduler_host_address=f"127.0.0.1:{ports['scheduler']}",
        )
        health = f"http://127.0.0.1:{ports['http']}/v1.0/healthz"
        until(lambda: answers(health), "Dapr's sidecar", self.servers[-1])

    def command(self) -> list[str]:
        return [str(install.python("dapr-python")), "main.py"]


def on_postgres(base: type[System], source: str) -> type[System]:
    return type(base.__name__ + "Postgres", (base,), {"store": "PostgreSQL", "source": lambda self: source})


SYSTEMS: dict[str, type[System]] = {
    "hand-python": HandPython,
    "conductor-python": ConductorPython,
    "dbos-python": DbosPython,
    "restate-python": RestatePython,
    "temporal-python": TemporalPython,
    "dapr-python": DaprPython,
    "hand-typescript": HandTypeScript,
    "conductor-typescript": ConductorTypeScript,
    "restate-typescript": RestateTypeScript,
    "temporal-typescript": TemporalTypeScript,
    "conductor-python-postgres": on_postgres(ConductorPython, "conductor-python"),
    "dbos-python-postgres": on_postgres(DbosPython, "dbos-python"),
    "prefect-python-postgres": on_postgres(Prefect, "prefect-python"),
    "temporal-python-postgres": on_postgres(TemporalPython, "temporal-python"),
    "conductor-typescript-postgres": on_postgres(ConductorTypeScript, "conductor-typescript"),
    "dbos-typescript-postgres": on_postgres(DbosTypeScript, "dbos-typescript"),
    "temporal-typescript-postgres": on_postgres(TemporalTypeScript, "temporal-typescript"),
}
