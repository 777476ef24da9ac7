"""A survey on a real Dask cluster of this machine: the same bytes as without, whatever happens to
its workers. Needs the extra `dask`."""

import os
import signal

import pytest
from distributed import Client, LocalCluster

import attnviz
from attnviz import AttnvizError
from attnviz.analysis.survey_file import survey_tree
from attnviz.cli import run_command_line
from attnviz.record.saved import to_npz

TEXTS = [f"the cat {i} sat on mat {i % 7} because it was {'tired ' * (i % 5)}" for i in range(70)]


@pytest.fixture(scope="module")
def alone():
    return to_npz(survey_tree(attnviz.survey(TEXTS, heads=4)))


def alone_of(file):
    """What the command writes without a cluster."""
    place = file.parent / "alone.npz"
    assert run_command_line(["survey", str(file), "--heads", "4", "-o", str(place)]) == 0
    return place.read_bytes()


def cluster(n_workers):
    return LocalCluster(
        n_workers=n_workers, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # any free port: other tests have clusters at the time
    )  # fmt: skip


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_the_same_bytes_on_any_number_of_workers(alone, n_workers):
    with cluster(n_workers) as running:
        found = attnviz.survey(TEXTS, heads=4, scheduler=running.scheduler_address)
    assert to_npz(survey_tree(found)) == alone


def test_a_worker_is_killed_and_nothing_is_lost(alone):
    killed = []

    with cluster(2) as running, Client(running) as client:

        def kill(n_texts, _):
            if n_texts >= 16 and not killed:
                (worker, pid) = next(iter(client.run(os.getpid).items()))
                killed.append(worker)
                os.kill(pid, signal.SIGKILL)

        found = attnviz.survey(TEXTS, heads=4, scheduler=running.scheduler_address, progress=kill)
    assert killed
    assert to_npz(survey_tree(found)) == alone


def test_a_cluster_that_is_gone_keeps_what_ended(alone, tmp_path):
    running = cluster(1)

    def close(n_texts, _):
        if n_texts >= 16:
            running.close()

    with pytest.raises(AttnvizError, match=r"was lost.*finished chunks are kept in"):
        attnviz.survey(
            TEXTS, heads=4, scheduler=running.scheduler_address, progress=close, folder=tmp_path
        )
    assert list(tmp_path.glob("chunk-*.npz"))
    again = attnviz.survey(TEXTS, heads=4, folder=tmp_path)
    assert to_npz(survey_tree(again)) == alone


def test_the_command_names_the_dashboard(tmp_path, capsys):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as running:
        status = run_command_line(
            ["survey", str(tmp_path / "texts.txt"), "--heads", "4", "--scheduler",
             running.scheduler_address, "-o", str(tmp_path / "out.npz")]
        )  # fmt: skip
        err = capsys.readouterr().err
        assert status == 0, err
        assert running.dashboard_link in err
    assert (tmp_path / "out.npz").read_bytes() == alone_of(tmp_path / "texts.txt")


def test_an_error_in_a_worker_is_one_line(tmp_path):
    with cluster(1) as running:
        with pytest.raises(AttnvizError, match="nowhere"):
            attnviz.survey(
                TEXTS[:3], model=tmp_path / "nowhere", scheduler=running.scheduler_address
            )
        with pytest.raises(AttnvizError, match="positions"):
            attnviz.survey(
                ["3 7 " * 40], model="induction", scheduler=running.scheduler_address, strict=True
            )


def test_a_scheduler_that_does_not_answer():
    with pytest.raises(AttnvizError, match="cannot be reached"):
        attnviz.survey(TEXTS, scheduler="tcp://127.0.0.1:9")
