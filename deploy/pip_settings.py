"""pip's settings, of all levels, for others: `python deploy/pip_settings.py uv|file|paths`.

uv reads none of pip's files and few of its variables, so behind a proxy or a mirror that only pip knows it fails.

    uv     assignments for a shell to export: the same settings in uv's words
    file   one pip.conf that holds what all of pip's files here say
    paths  the files and folders that the settings name, one a line

Runs under any Python 3.8 or newer that has pip, before anything of the project is installed.
"""

import ast
import os
import shlex
import ssl
import subprocess
import sys

# Later ones win, as in pip: what it says for all commands, for `pip install`, in the environment.
LEVELS = ("global", "install", ":env:")
ENVIRONMENT = ":env:"
FALSE = {"", "0", "false", "no", "off", "n", "f"}


def read_settings(command=(sys.executable, "-m", "pip", "config", "list")):
    """(level, name, value) of every setting as pip reads it; the files' order of precedence is already applied."""
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    settings = []
    for line in output.splitlines():
        key, separator, value = line.partition("=")
        # A level holds no dot, a name may.
        level, dot, name = key.partition(".")
        if separator and dot:
            settings.append((level, name, ast.literal_eval(value)))
    return settings


def effective(settings):
    """name -> value: what `pip install` goes by."""
    values = {}
    for wanted in LEVELS:
        values.update({name: value.strip() for level, name, value in settings if level == wanted})
    return {name: value for name, value in values.items() if value}


def local(path):
    """A path or file:// address as pip understands it, `~` included."""
    return os.path.expanduser(path[len("file://") :] if path.startswith("file://") else path)


def uv_environment(settings, environ):
    """Variables for uv. A variable of uv's own that the user has set stays as it is.

    Certificates and proxy are pip's in any case: pip has just reached its index with them.
    """
    pip = effective(settings)
    found = {}

    def give(name, value):
        if value and not environ.get(name):
            found[name] = value

    give("UV_DEFAULT_INDEX", pip.get("index-url", ""))
    if "extra-index-url" in pip:
        give("UV_INDEX", " ".join(pip["extra-index-url"].split()))
        # As pip: of all indexes the best version, and not the first index that knows the name.
        give("UV_INDEX_STRATEGY", "unsafe-best-match")
    give("UV_FIND_LINKS", ",".join(os.path.expanduser(link) for link in pip.get("find-links", "").split()))
    if pip.get("no-index", "").lower() not in FALSE:
        give("UV_NO_INDEX", "1")
    give("UV_INSECURE_HOST", " ".join(pip.get("trusted-host", "").split()))
    give("UV_HTTP_TIMEOUT", pip.get("timeout") or pip.get("default-timeout", ""))
    give("UV_KEYRING_PROVIDER", "subprocess" if pip.get("keyring-provider") == "subprocess" else "")
    certificates = pip.get("cert") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
    if certificates:
        certificates = local(certificates)
        found["SSL_CERT_DIR" if os.path.isdir(certificates) else "SSL_CERT_FILE"] = certificates
    elif not environ.get("SSL_CERT_FILE") and ssl.get_default_verify_paths().cafile:
        # uv brings certificates of its own; the system's are where a company puts its own.
        give("UV_SYSTEM_CERTS", "1")
    if "client-cert" in pip:
        found["SSL_CLIENT_CERT"] = local(pip["client-cert"])
    if "proxy" in pip:
        found.update(dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), pip["proxy"]))
    return found


def as_file(settings):
    """A pip.conf; what the environment says is left to the environment."""
    lines = []
    for level in dict.fromkeys(level for level, _, _ in settings if level != ENVIRONMENT):
        lines.append(f"[{level}]")
        for other, name, value in settings:
            if other == level:
                # configparser goes on with a value where a line is indented.
                lines.append(f"{name} = " + "\n    ".join(value.strip().splitlines()))
    return "\n".join(lines)


def paths(settings):
    """Absolute paths that exist here among all values."""
    words = {local(word).rstrip("/") for _, _, value in settings for word in value.split()}
    # The pages of an index in a folder name files beside it.
    words = {os.path.dirname(word) if os.path.basename(word) == "simple" else word for word in words}
    return sorted(word for word in words if os.path.isabs(word) and os.path.exists(word))


def main():
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""
    settings = read_settings()
    if wanted == "uv":
        for name, value in uv_environment(settings, os.environ).items():
            print(f"export {name}={shlex.quote(value)}")
    elif wanted == "file":
        print(as_file(settings))
    elif wanted == "paths":
        print("\n".join(paths(settings)))
    else:
        sys.exit(f"usage: {sys.argv[0]} uv|file|paths")


if __name__ == "__main__":
    main()
