"""ONNX files as torch networks with slopes. A file is data: nothing in it is run as code."""
