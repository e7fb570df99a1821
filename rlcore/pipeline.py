"""A whole run, from its config to its report. `python -m rlcore.pipeline run.toml`.

Only the standard library and the config are imported before the machine has been checked: what the heavy packages
miss is said in one line.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rlcore.config.run import RunConfig
from rlcore.doctor import preflight
from rlcore.run import cluster, failure
from rlcore.run.folder import RunFolder, open_run


def run(config: RunConfig) -> RunFolder:
    """Do the configured stages, each skipped when it is done; write summary.json and report.html.

    Raises:
        ConfigError: this machine lacks what the stages need; nothing has been written.
    """
    preflight.check(config)
    cluster.prepare_environment(config)
    from rlcore.report.page import write_report
    from rlcore.run.context import Run
    from rlcore.run.stages import run_stages

    with open_run(config) as folder, Run(config, folder) as run:
        try:
            for note in folder.notes:
                run.say(note)
            run_stages(run)
        except Exception as error:
            shown = failure.explain(error, folder.path, logs=run.processes.ray_logs)
            if shown is error:
                raise
            raise shown from error
        finally:
            report = write_report(folder.path)
            print(f"report: {report}", flush=True)
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m rlcore.pipeline run.toml [section.field=value ...]`: the same as `rlcore run`."""
    from rlcore.cli import main as cli

    return cli(["run", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
