"""Which machines a wheel is for: all, or those for which its modules were compiled (a hook of hatchling)."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface[Any]):
    """Names interpreter and machine in the tag of a wheel that holds compiled modules."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the tag of what is about to be built."""
        if version != "editable" and any(Path(self.root, "pods", "compiled").glob("*.so")):
            build_data["infer_tag"], build_data["pure_python"] = True, False
