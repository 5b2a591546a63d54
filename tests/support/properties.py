"""What the property tests share."""
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def at_most(examples):
    """The same examples in every run, so that a failure is one for everybody."""
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
