"""dicomweb-client (Python) against the relay: stores files, searches for them and reads them back.

Usage: dicomweb_peer.py BASE TOKEN FILE...
"""

import sys

import pydicom
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session

base, token, *paths = sys.argv[1:]
session = create_session()
session.headers["Authorization"] = f"Bearer {token}"
client = DICOMwebClient(url=base, session=session)

sent = [pydicom.dcmread(path) for path in paths]
answer = client.store_instances(sent)
assert "FailedSOPSequence" not in answer, answer
assert len(answer.ReferencedSOPSequence) == len(sent), answer

for data_set in sent:
    study = data_set.StudyInstanceUID
    series = data_set.SeriesInstanceUID
    instance = data_set.SOPInstanceUID
    # Indexing follows the answer.
    for _ in range(500):
        found = client.search_for_instances(search_filters={"SOPInstanceUID": instance})
        if found:
            break
    assert len(found) == 1, found
    studies = client.search_for_studies(search_filters={"StudyInstanceUID": study})
    assert pydicom.Dataset.from_json(studies[0]).PatientID == data_set.PatientID
    assert client.search_for_series(study)[0]["0020000E"]["Value"] == [series]
    metadata = pydicom.Dataset.from_json(
        client.retrieve_instance_metadata(study, series, instance),
        bulk_data_uri_handler=lambda *_: b"",
    )
    assert metadata.Rows == data_set.Rows and metadata.PatientName == data_set.PatientName
    given = client.retrieve_instance(study, series, instance)
    assert given.PixelData == data_set.PixelData
    assert given.file_meta.TransferSyntaxUID == data_set.file_meta.TransferSyntaxUID
    frames = client.retrieve_instance_frames(
        study,
        series,
        instance,
        [1],
        media_types=(("application/octet-stream", "*"), ("image/jpeg", "1.2.840.10008.1.2.4.50")),
    )
    if data_set.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.102":
        # A frame of a video comes decoded.
        assert len(frames) == 1 and len(frames[0]) == data_set.Rows * data_set.Columns * 3
    else:
        assert len(frames) == 1 and frames[0][:16] in data_set.PixelData
    assert client.retrieve_instance_rendered(study, series, instance)[:2] == b"\xff\xd8"
assert len(client.retrieve_study(sent[0].StudyInstanceUID)) >= 1
