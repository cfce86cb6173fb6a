# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of a package: an SPDX 2.3 document in JSON."""

import datetime
import hashlib
import json
import re
import uuid

import dependencies

# The protos that are fetched, in deploy/fetch-protos.
PROTOS = {"name": "google-proto-files", "version": "5.0.3", "licence": "Apache-2.0"}


def spdx_id(*parts):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(parts).replace("+", "p"))


def package(name, version, licence, **more):
    """A package of which no file is listed."""
    return {"name": name, "SPDXID": spdx_id("Package", name), "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": licence,
            "copyrightText": "NOASSERTION", **more}


def purl(locator):
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
             "referenceLocator": locator}]


def debian_package(dependency, licence):
    fields = {
        "supplier": "Organization: Debian",
        "sourceInfo": f"Debian source package {dependency.source} {dependency.source_version}",
        "externalRefs": purl(f"pkg:deb/debian/{dependency.name}@{dependency.version}"
                             f"?arch={dependency.architecture}&distro=debian-12")}
    if dependency.homepage:
        fields["homepage"] = dependency.homepage
    return package(dependency.name, dependency.version, licence, **fields)


def file_entry(root, path, licence):
    data = path.read_bytes()
    name = f"./{path.relative_to(root)}"
    return {"fileName": name, "SPDXID": spdx_id("File", name),
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
                          {"algorithm": "SHA256",
                           "checksumValue": hashlib.sha256(data).hexdigest()}],
            "licenseConcluded": licence, "copyrightText": "NOASSERTION"}


def document(name, version, description, root, skipped, found, models, notices):
    """The document of the package `name`, whose files are under `root`.

    `skipped` is the path of the document itself. `found` are its Dependency objects,
    `models` the entries of the manifest of models, and `notices` the text behind
    {"LicenseRef-...": text}. `created` is left to be set by write().
    """
    known = dependencies.licences()
    unknown = sorted({d.source for d in found} - known.keys())
    if unknown:
        raise ValueError(f"NOTICE says no licence of: {' '.join(unknown)}")
    licence_of = {model["file"]: model["licence"] for model in models}
    files = [file_entry(root, path, licence_of.get(path.name, "Apache-2.0"))
             for path in sorted(root.rglob("*"))
             if path.is_file() and not path.is_symlink() and path != skipped]
    sums = sorted(file["checksums"][0]["checksumValue"] for file in files)
    used = sorted({file["licenseConcluded"] for file in files})
    main = {**package(name, version,
                      " AND ".join(f"({e})" if " " in e and len(used) > 1 else e for e in used)),
            "filesAnalyzed": True, "summary": description,
            "supplier": "Organization: Hexapla",
            "packageVerificationCode": {
                "packageVerificationCodeValue": hashlib.sha1("".join(sums).encode()).hexdigest(),
                "packageVerificationCodeExcludedFiles": [f"./{skipped.relative_to(root)}"]},
            "licenseInfoFromFiles": sorted({licence for e in used for licence in e.split(" AND ")})}
    packages, relations = [main], []

    def relate(source, kind, target):
        relations.append({"spdxElementId": source, "relationshipType": kind,
                          "relatedSpdxElement": target})

    relate("SPDXRef-DOCUMENT", "DESCRIBES", main["SPDXID"])
    for file in files:
        relate(main["SPDXID"], "CONTAINS", file["SPDXID"])
    for dependency in found:
        packages.append(debian_package(dependency, known[dependency.source]))
        relate(main["SPDXID"], "STATIC_LINK" if dependency.compiled_in else "DYNAMIC_LINK",
               packages[-1]["SPDXID"])
    if found:
        packages.append(package(
            PROTOS["name"], PROTOS["version"], PROTOS["licence"],
            externalRefs=purl(f"pkg:npm/{PROTOS['name']}@{PROTOS['version']}")))
        relate(main["SPDXID"], "GENERATED_FROM", packages[-1]["SPDXID"])
    for model in models:
        more = {"checksums": [{"algorithm": "SHA256", "checksumValue": model["sha256"]}]}
        if model["source"].startswith("npm:"):
            more["externalRefs"] = purl(f"pkg:npm/{model['source'].removeprefix('npm:')}")
        packages.append(package(model["name"], model["version"], model["licence"], **more))
        relate(main["SPDXID"], "CONTAINS", packages[-1]["SPDXID"])
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{name}-{version}",
        "creationInfo": {"creators": ["Organization: Hexapla", "Tool: hexapla-finish-packages"]},
        "packages": packages, "files": files, "relationships": relations,
        **({"hasExtractedLicensingInfos": [
            {"licenseId": key, "name": key.removeprefix("LicenseRef-"), "extractedText": text}
            for key, text in sorted(notices.items())]} if notices else {})}


def write(path, spdx, epoch):
    """Writes the document as of `epoch`; equal content gets an equal namespace."""
    content = json.dumps(spdx, sort_keys=True)
    spdx["documentNamespace"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    spdx["creationInfo"]["created"] = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(json.dumps(spdx, indent=1, ensure_ascii=False) + "\n")
