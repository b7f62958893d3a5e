"""Reads DICOM files as pydicom and as GDCM do and prints what they found, one fact a line.

    read_clip.py FILE...

Where FILE.raw lies beside FILE.dcm with the true pixels of all frames (grey or R, G, B interleaved), both readers'
distance from them is told in decibel, and 'exact' where there is none.
"""

import math
import pathlib
import sys

import gdcm
import numpy
import pydicom
from pydicom.pixels import convert_color_space


def facts(path):
    print(f"file: {path}")
    dataset = pydicom.dcmread(path)
    for keyword in (
        "PatientName", "PatientID", "SOPClassUID", "PhotometricInterpretation", "Rows", "Columns", "NumberOfFrames",
        "FrameTime", "FrameTimeVector", "CineRate", "LossyImageCompression", "LossyImageCompressionRatio",
        "LossyImageCompressionMethod", "TimezoneOffsetFromUTC", "AcquisitionDateTime", "InstitutionName", "ImageComments",
    ):
        if keyword in dataset:
            print(f"{keyword}: {dataset[keyword].value}")
    print(f"syntax: {dataset.file_meta.TransferSyntaxUID}")
    for region in dataset.get("SequenceOfUltrasoundRegions", []):
        print(f"region: {region.RegionSpatialFormat} {region.PhysicalDeltaX} {region.PhysicalUnitsXDirection}")
    for view in dataset.get("ViewCodeSequence", []):
        print(f"view: {view.CodeValue} {view.CodingSchemeDesignator} {view.CodeMeaning}")
    for source in dataset.get("SourceImageSequence", []):
        print(f"source: {source.ReferencedSOPInstanceUID} {source.PurposeOfReferenceCodeSequence[0].CodeValue}")
    return dataset


def distance(name, found, true):
    mean = numpy.mean((found.reshape(-1).astype(float) - true.reshape(-1)) ** 2)
    print(f"{name}: {'exact' if mean == 0 else f'{10 * math.log10(255 ** 2 / mean):.2f}'}")


def by_gdcm(path):
    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    if not reader.Read():
        sys.exit(f"GDCM cannot read {path}")
    image = reader.GetImage()
    photometric = str(image.GetPhotometricInterpretation())
    pixels = numpy.frombuffer(image.GetBuffer().encode("utf-8", errors="surrogateescape"), numpy.uint8)
    return pixels, photometric


for path in sys.argv[1:]:
    dataset = facts(path)
    plain = pathlib.Path(path).with_suffix(".raw")
    if not plain.exists():
        continue
    true = numpy.fromfile(plain, numpy.uint8).astype(float)
    distance("pydicom", dataset.pixel_array, true)  # YBR becomes RGB here
    pixels, photometric = by_gdcm(path)
    if photometric.startswith("YBR"):
        shape = (dataset.get("NumberOfFrames", 1), dataset.Rows, dataset.Columns, 3)
        pixels = convert_color_space(pixels.reshape(shape), "YBR_FULL", "RGB")
    distance("gdcm", pixels, true)
