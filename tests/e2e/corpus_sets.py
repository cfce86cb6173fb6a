# SPDX-License-Identifier: Apache-2.0
"""Made-up sets of versions for the tests of `hexapla corpus`."""

import json

# Sentences with the same number say the same.
_SENTENCES = {
    "en": ["Ship {n} came into the harbour at {h} o'clock.",
           "The captain paid {n} crowns for bread and water.",
           "Nobody on the quay had heard of the storm.",
           "In the evening the crew went to the theatre.",
           "The next morning {h} sailors were missing."],
    "fr": ["Le navire {n} entra dans le port à {h} heures.",
           "Le capitaine paya {n} couronnes pour du pain et de l'eau.",
           "Personne sur le quai n'avait entendu parler de la tempête.",
           "Le soir, l'équipage alla au théâtre.",
           "Le lendemain matin, {h} marins manquaient."],
    "de": ["Schiff {n} lief um {h} Uhr in den Hafen ein.",
           "Der Kapitän zahlte {n} Kronen für Brot und Wasser.",
           "Niemand am Kai hatte von dem Sturm gehört.",
           "Am Abend ging die Mannschaft ins Theater.",
           "Am nächsten Morgen fehlten {h} Matrosen."],
}


def sentences(language, number):
    """Three to five sentences of set `number`."""
    values = {"n": number, "h": number % 24}
    return [sentence.format(**values) for sentence in _SENTENCES[language][:3 + number % 3]]


def made_up_set(number):
    """Two or three versions, as text or as sentences."""
    versions = []
    for position, language in enumerate(["en", "fr", "de"][:2 + number % 2]):
        said = sentences(language, number)
        if position == 0 and number % 4 == 0 and len(said) > 3:
            del said[1]
        version = {"language": language} if number % 5 else {}
        if (number + position) % 3:
            version["sentences"] = said
        else:
            version["text"] = " ".join(said)
        versions.append(version)
    return {"id": f"set-{number:06d}", "versions": versions}


def write_sets(path, count, bad_every=0):
    """Writes so many lines; with `bad_every`, every such line is a bad one."""
    with open(path, "w", encoding="utf-8") as out:
        for number in range(count):
            if bad_every and number % bad_every == bad_every - 1:
                out.write(["no JSON\n",
                           json.dumps({"id": f"set-{number:06d}", "versions": [{"text": "x"}]}) + "\n",
                           json.dumps({"id": "set-000000", "versions": []}) + "\n",
                           ][number // bad_every % 3])
            else:
                out.write(json.dumps(made_up_set(number), ensure_ascii=False) + "\n")


def sorted_lines(path):
    """The lines of an output, which must all be whole, in an order of their own."""
    with open(path, "rb") as file:
        data = file.read()
    assert data == b"" or data.endswith(b"\n"), "the last line is cut"
    return sorted(data.splitlines())
