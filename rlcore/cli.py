"""The `rlcore` command. Help and mistakes answer at once: nothing heavy is imported before the config is right."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rlcore.config.reading import ConfigError, help_text, load
from rlcore.config.run import RunConfig

STAGES: dict[str, tuple[str, ...]] = {
    "run": (),
    "pretrain": ("pretrain",),
    "filter": ("filter",),
    "train": ("train",),
    "eval": ("eval",),
}
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
        from rlcore.doctor.__main__ import main as doctor

        return doctor(arguments[1:])
    if arguments[:1] == ["replay"]:
        from rlcore.rl.replay import main as replay

        return replay(arguments[1:])
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
    from rlcore.run import failure

    try:
        pipeline.run(config)
    except KeyboardInterrupt:
        return _fail("stopped; the same command goes on from the last checkpoint", 130)
    except Exception as error:
        known = isinstance(error, ConfigError | failure.RunFailed)
        shown = error if known else failure.explain(error, Path(config.run_dir).resolve())
        return _fail(str(shown), 2 if isinstance(shown, ValueError) else 1)
    return 0


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
    commands.add_parser("replay", help="a step of RL done again from what is recorded (see `rlcore replay --help`)")
    commands.add_parser("doctor", help="what this machine can do, and what to install for the rest")
    return parser


if __name__ == "__main__":
    sys.exit(main())
