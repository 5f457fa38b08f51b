"""The machine and the versions a figure was taken with, and the memory of a process."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = ("numba", "numpy", "scipy", "networkx", "pandana", "osmnx", "osmium")


def describe() -> str:
    """Name processor, cores, memory, system and the versions of everything compared, in one sentence."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    memory = psutil.virtual_memory().total / 2**30
    return (
        f'Machine: {os.cpu_count()} cores of "{processor()}"{_virtual()}, {memory:.0f} GiB, {platform.system()} '
        f"{'.'.join(platform.release().split('.')[:2])}, Python {platform.python_version()}; {', '.join(versions)}."
    )


def load() -> str:
    """Say how many processes ran or waited in the last minute, where the system counts them."""
    return f" Load of the machine before: {os.getloadavg()[0]:.1f}." if hasattr(os, "getloadavg") else ""


def processor() -> str:
    """Return the processor's name as the system knows it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def _virtual() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    hypervisor = cpuinfo.exists() and " hypervisor" in cpuinfo.read_text(encoding="utf-8")
    return " (a virtual machine)" if hypervisor else ""


def peak_mib() -> float:
    """Peak resident memory of this process so far, MiB."""
    if os.name == "nt":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**20 if sys.platform == "darwin" else 2**10)
