import pytest

from faults.stage import Broker, Stage


@pytest.fixture(scope="session")
def faults_broker():
    """Behind its proxy; for the tests of this folder, one after the other."""
    broker = Broker()
    yield broker
    broker.kafka.close()


@pytest.fixture
def make_stage(faults_broker):
    made = []

    def make(backend, **settings):
        made.append(Stage(backend, faults_broker, **settings))
        return made[-1]

    yield make
    for stage in made:
        stage.close()
