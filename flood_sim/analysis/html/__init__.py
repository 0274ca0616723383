"""Reports as one HTML file: text in English and Chinese, pictures drawn here as SVG or PNG, nothing
from a network.
"""
