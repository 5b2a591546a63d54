#!/usr/bin/env python3
"""Writes a YAML document as compact JSON.

usage: yaml_to_json.py INPUT.yaml OUTPUT.json
"""
import json
import sys

try:
    import yaml
except ImportError:
    # Debian's python3-yaml, when python3 on the PATH is another one.
    sys.path.append("/usr/lib/python3/dist-packages")
    import yaml


class StrictLoader(yaml.SafeLoader):
    """Refuses a repeated key, and reads dates as the text they are."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if not isinstance(key, str):
                raise yaml.YAMLError(f"{node.start_mark}: the key {key!r} is no text; quote it")
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{node.start_mark}: the key {key!r} is there twice")
        return super().construct_mapping(node, deep)


StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def main() -> None:
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        try:
            document = yaml.load(file, StrictLoader)
        except yaml.YAMLError as error:
            sys.exit(f"{source}: {error}")
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"), ensure_ascii=False)


main()
