"""Reads presentation states and measurement reports as other programs do and prints what they found, one fact a line.

    read_marks.py FILE...

Presentation states are read by pydicom and their colour profile by LittleCMS, reports by highdicom.
"""

import io
import sys

import highdicom.sr
import pydicom
from PIL import Image, ImageCms


def state(dataset):
    print(f"label: {dataset.ContentLabel}")
    print(f"creator: {dataset.ContentCreatorName}")
    for layer in dataset.GraphicLayerSequence:
        print(f"layer: {layer.GraphicLayer} {layer.GraphicLayerDescription}")
    for annotation in dataset.GraphicAnnotationSequence:
        image = annotation.ReferencedImageSequence[0]
        frame = image.get("ReferencedFrameNumber", "-")
        for graphic in annotation.get("GraphicObjectSequence", []):
            points = [round(float(value), 3) for value in graphic.GraphicData]
            print(f"graphic: {annotation.GraphicLayer} frame {frame} {graphic.GraphicType} {points}")
        for text in annotation.get("TextObjectSequence", []):
            corner = [round(float(value), 3) for value in text.BoundingBoxTopLeftHandCorner]
            print(f"text: {annotation.GraphicLayer} frame {frame} {corner} {text.UnformattedTextValue}")
    if "ICCProfile" in dataset:
        profile(dataset.ICCProfile)


def profile(stored):
    """Says the class, and how far colours move on the way from this profile to LittleCMS's own sRGB."""
    loaded = ImageCms.ImageCmsProfile(io.BytesIO(stored))
    print(f"profile: {loaded.profile.device_class} {loaded.profile.xcolor_space} {loaded.profile.profile_description}")
    colours = Image.new("RGB", (8, 8))
    colours.putdata([(x * 36, y * 36, (x * y * 5) % 256) for y in range(8) for x in range(8)])
    moved = ImageCms.profileToProfile(colours, loaded, ImageCms.createProfile("sRGB"))
    distance = max(abs(a - b) for a, b in zip(colours.tobytes(), moved.tobytes()))
    print(f"moved: {distance}")


def said_of_numbers(items):
    """Words that stand below a number."""
    for item in items:
        below = item.get("ContentSequence", [])
        for words in below:
            if item.ValueType == "NUM" and words.ValueType == "TEXT":
                print(f"said: {words.ConceptNameCodeSequence[0].CodeMeaning}: {words.TextValue}")
        said_of_numbers(below)


def report(path):
    document = highdicom.sr.srread(path)
    content = document.content
    for observer in content.get_observer_contexts():
        print(f"observer: {observer.observer_type.meaning}")
    for study in document.CurrentRequestedProcedureEvidenceSequence:
        for series in study.ReferencedSeriesSequence:
            for image in series.ReferencedSOPSequence:
                print(f"evidence: {series.SeriesInstanceUID} {image.ReferencedSOPInstanceUID}")
    said_of_numbers(pydicom.dcmread(path).ContentSequence)
    for group in content.get_image_measurement_groups():
        for measurement in group.get_measurements():
            for place in measurement.referenced_coordinates:
                image = place.ContentSequence[0].ReferencedSOPSequence[0]
                points = [[round(float(v), 3) for v in point] for point in place.value]
                print(
                    f"measurement: {measurement.name.value} {measurement.value} {measurement.unit.value} "
                    f"{place.graphic_type.value} {points} on {image.ReferencedSOPInstanceUID} "
                    f"frame {image.get('ReferencedFrameNumber', '-')} as {group.tracking_identifier}"
                )


for path in sys.argv[1:]:
    dataset = pydicom.dcmread(path)
    print(f"file: {path}")
    print(f"class: {dataset.SOPClassUID.name}")
    report(path) if dataset.Modality == "SR" else state(dataset)
