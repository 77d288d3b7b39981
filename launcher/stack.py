"""Starts the embedded studio, watches over it, and ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

from launcher.console import Console
from launcher.environment import ROOT, Environment, LauncherError, Options, listen
from launcher.lock import lock_data_dir, remove_note, write_note
from launcher.network import chosen_host, is_settled
from launcher.private_redis import set_aside
from launcher.process import Process, Service
from launcher.services import background_services, engine_service, redis_service, web_service

REDIS_SECONDS, READY_SECONDS = 30.0, 300.0
STOP_SECONDS = 7.0
TICK_SECONDS = 0.1


class Interrupted(Exception):
    """We were told to end while starting."""


class Launcher:
    """One studio on one machine. `run` returns when it was told to end and nothing is left."""

    def __init__(self, options: Options, console: Console) -> None:
        self.options = options
        self.console = console
        self.processes: list[Process] = []
        self._stop = threading.Event()
        self._lock_descriptor = -1
        self._listener: socket.socket

    def request_stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        self._stop.set()

    def obey_signals(self) -> None:
        """End on Ctrl-C, when told to, and with the terminal, unless we were started to outlive it (nohup)."""
        signal.signal(signal.SIGINT, self.request_stop)
        signal.signal(signal.SIGTERM, self.request_stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self.request_stop)

    def run(self) -> int:
        """Exit status: 0 after Ctrl-C or SIGTERM. Raises LauncherError when the studio cannot be started."""
        self.obey_signals()
        self._lock_descriptor = lock_data_dir(self.options.data_dir)
        write_note(self.options.data_dir, pid=os.getpid())
        self._listener = listen(self.options.host, self.options.port)
        port = self._listener.getsockname()[1]
        if port != self.options.port:
            self.console.line("launcher", f"Port {self.options.port} is taken; using {port} instead.")
        environment = Environment(self.options, port, os.environ)
        try:
            has_owner = self._start(environment, self._listener.fileno())
            self._announce(environment, has_owner)
            while not self._stop.wait(TICK_SECONDS):
                for process in self.processes:
                    process.tend()
                self._follow_choice(environment)
        except Interrupted:
            pass
        finally:
            self._listener.close()
            self._end_all()
            remove_note(self.options.data_dir)
        return 0

    def _start(self, environment: Environment, listener: int) -> bool:
        """Start everything and wait until each process is healthy; return whether the studio has an owner."""
        if environment.has_own_engine:
            self._add(engine_service(environment))  # the slowest to start, and it needs no other process
        if environment.has_own_redis:
            self._start_redis(environment)
        has_owner = self._prepare(environment)
        self._add(web_service(environment, listener))
        for service in background_services(environment, self.options.data_dir):
            self._add(service)
        self._wait_until_healthy(self.processes, READY_SECONDS)
        return has_owner

    def _follow_choice(self, environment: Environment) -> None:
        """Listen where an administrator wants the studio to be found (launcher.network); only web starts again."""
        if "NETWORK_FILE" not in environment:
            return
        file = Path(environment["NETWORK_FILE"])
        host = chosen_host(file)
        if host == self.options.host or not is_settled(file):
            return
        port = self._listener.getsockname()[1]
        web = next(process for process in self.processes if process.name == "web")
        web.ask_to_end()
        web.end(time.monotonic() + STOP_SECONDS)
        # A port of one address and of all of them cannot be listened on at the same time.
        self._listener.close()
        self._listener = listen(host, port)
        self.options = replace(self.options, host=host)
        environment.move(self.options, self._listener.getsockname()[1])
        web.service = web_service(environment, self._listener.fileno())
        web.start()
        self._announce(environment, True)

    def _add(self, service: Service) -> Process:
        process = Process(service, self.console, self._lock_descriptor)
        process.start()
        self.processes.append(process)
        return process

    def _start_redis(self, environment: Environment) -> None:
        process = self._add(redis_service(environment, self.options.data_dir))
        deadline = time.monotonic() + REDIS_SECONDS
        while not process.check_health() and process.is_running and time.monotonic() < deadline:
            self._pause()
        if process.is_running:
            return
        aside = set_aside(self.options.data_dir / "redis")
        self.console.line(
            "launcher", f"Redis could not read its data, which is now in {aside.name}; it starts empty."
        )
        self.processes.remove(process)
        self._wait_until_healthy(
            [self._add(redis_service(environment, self.options.data_dir))], REDIS_SECONDS
        )

    def _prepare(self, environment: Environment) -> bool:
        """Migrate, collect static files; return whether the studio has an owner. Raises LauncherError."""
        command = [sys.executable, "-m", "launcher.guard", "--", sys.executable, "manage.py", "prepare"]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
            pass_fds=(self._lock_descriptor,),
            start_new_session=True,
        )
        threading.Thread(target=self._end_with_us, args=(child,), daemon=True).start()
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.extend(child.stderr or ()), daemon=True)
        reader.start()
        lines = [line.rstrip() for line in child.stdout or ()]
        status = child.wait()
        reader.join(1)
        for line in [*lines[:-1], *errors]:
            self.console.line("prepare", line.rstrip())
        if self._stop.is_set():
            raise Interrupted
        if status or not lines:
            raise LauncherError(
                "The database or the static files could not be prepared; the lines above say why."
            )
        return bool(json.loads(lines[-1])["has_owner"])

    def _end_with_us(self, child: subprocess.Popen[str]) -> None:
        while child.poll() is None:
            if self._stop.wait(TICK_SECONDS):
                child.terminate()
                return

    def _pause(self) -> None:
        if self._stop.wait(TICK_SECONDS):
            raise Interrupted

    def _wait_until_healthy(self, processes: list[Process], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        waiting = list(processes)
        while waiting:
            for process in [process for process in waiting if process.check_health()]:
                waiting.remove(process)
                self.console.line("launcher", f"{process.name} is ready")
            if waiting and time.monotonic() > deadline:
                process = waiting[0]
                raise LauncherError(
                    f"{process.name} did not become ready within {seconds:g} s. The end of its log "
                    f"({self.console.log_dir / process.name}.log):\n{self.console.last_lines(process.name)}"
                )
            for process in processes:
                process.tend()
            if waiting:
                self._pause()

    def _announce(self, environment: Environment, has_owner: bool) -> None:
        path = "/" if has_owner else f"/setup/?token={environment.secret('SETUP_TOKEN')}"
        shared = {name: environment[name] for name in ("REDIS_URL", "ENGINE_URL", "ENGINE_KEY", "SITE_URL")}
        write_note(
            self.options.data_dir, pid=os.getpid(), address=environment.address, path=path, environment=shared
        )
        self.console.announce(f"Maquette is ready: {environment.address}{path}")

    def _end_all(self) -> None:
        """Ask all but the engine and Redis to end, then those: answers and jobs in progress are written down first."""
        last = [process for process in self.processes if process.name in ("engine", "redis")]
        first = [process for process in self.processes if process not in last]
        deadline = time.monotonic() + STOP_SECONDS
        for group, until in ((first, deadline), (last, deadline + 2)):
            for process in group:
                process.ask_to_end()
            enders = [threading.Thread(target=process.end, args=(until,)) for process in group]
            for ender in enders:
                ender.start()
            for ender in enders:
                ender.join()
        self.console.line("launcher", "Everything has ended.")
