"""The `rlcore` command. Help and mistakes answer at once: nothing heavy is imported before the config is right."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence

from rlcore.config import ConfigError, RunConfig, help_text, load

STAGES: dict[str, tuple[str, ...]] = {
    "run": (),
    "pretrain": ("pretrain",),
    "filter": ("filter",),
    "train": ("train",),
    "eval": ("eval",),
}
FULL_BYTES = 2**20
OURS = {"rlcore", "services", "rollout", "verifiers"}
HELP = {
    "run": "all stages that the run file names",
    "pretrain": "bootstrap a small model",
    "filter": "measure the training problems and keep the useful ones",
    "train": "reinforcement learning",
    "eval": "measure on held-out problems",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 for a failure and 2 for a mistake of the user's, with one line that names the remedy."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["serve"]:
        from services.__main__ import main as serve

        return serve(arguments[1:])
    if arguments[:1] == ["doctor"]:
        from rlcore.doctor import main as doctor

        return doctor(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        config = load(options.run_file, options.overrides)
        if stages := STAGES[options.command]:
            config = config.model_copy(update={"stages": stages})
        return _run(config)
    except ConfigError as error:
        return _fail(str(error), 2)


def _run(config: RunConfig) -> int:
    from rlcore import pipeline

    try:
        pipeline.run(config)
    except ConfigError:
        raise
    except Exception as error:
        if isinstance(error, ValueError) and _is_ours(error):
            return _fail(str(error), 2)
        # torch, safetensors and Ray each wrap "no space left" in a type of their own, so the disk itself is asked.
        if shutil.disk_usage(config.run_dir).free < FULL_BYTES:
            return _fail(
                f"no space left on the disk of run_dir={config.run_dir}: free some and run the same command again, "
                "it goes on from the last checkpoint",
                1,
            )
        if type(error).__module__.split(".")[0] in OURS:
            return _fail(str(error), 1)
        raise
    return 0


def _is_ours(error: BaseException) -> bool:
    """Whether our own code raised it: a ValueError of a library is a bug and keeps its traceback."""
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    return innermost is not None and innermost.tb_frame.f_globals.get("__name__", "").split(".")[0] in OURS


def _fail(message: str, code: int) -> int:
    print(f"rlcore: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rlcore", description="Make a small mixture-of-experts language model reason, by RL on checked rewards."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in HELP.items():
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog="Keys of the run file:\n" + help_text(),
        )
        command.add_argument("run_file", help="TOML file of the run; deploy/runs/ has examples")
        command.add_argument("overrides", nargs="*", metavar="section.field=value", help="override a key")
    commands.add_parser("serve", help="the reward service over HTTP (see `rlcore serve --help`)")
    commands.add_parser("doctor", help="what this machine can do, and what to install for the rest")
    return parser


if __name__ == "__main__":
    sys.exit(main())
