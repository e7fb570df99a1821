# The reward service: judges and API, no torch. Build from the project's root:
#
#   docker build -f deploy/reward.Dockerfile -t reward:0.1.0 .
#
# It runs as an ordinary user with a read-only root file system; /state holds the store, /tmp is memory.
#
# What it needs of the host, and why:
# * Landlock and seccomp (Linux 5.13 or newer): what confines every answer. The service refuses to start without.
# * Better, not needed: user namespaces, for the wall of bubblewrap around every answer; Docker's default seccomp profile
#   forbids them. Give `--security-opt seccomp=unconfined` (ours is stricter, per answer) or a profile that allows clone
#   and unshare with new namespaces. Without them Landlock and seccomp stand alone. No capability is added.
FROM python:3.11.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 reward && mkdir /state && chown reward /state
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY deploy/constraints.txt deploy/constraints.txt
COPY verifiers verifiers
COPY services services
COPY rollout rollout
COPY rlcore rlcore
RUN pip install --no-cache-dir -c deploy/constraints.txt '.[services,postgres,lean]' && rm -rf /src/*
# By number, so that Kubernetes can see that it is not root.
USER 10001
WORKDIR /home/reward
# Lean's prelude, compiled once, so that the first start needs no write access.
ENV XDG_CACHE_HOME=/home/reward/.cache
RUN python -m verifiers.lean info
ENV REWARD_HOST=0.0.0.0 REWARD_PORT=8300 REWARD_STORE=sqlite:////state/reward.db REWARD_ACCESS_LOG=true
VOLUME /state
EXPOSE 8300
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8300/healthz', timeout=5)"]
ENTRYPOINT ["python", "-m", "services"]
