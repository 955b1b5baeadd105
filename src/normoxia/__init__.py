"""normoxia: immune checkpoint inhibitors with anti-angiogenic drugs in advanced NSCLC, made executable.

The rooms, from the ground up: `mechanism` and `survival`; `pharmacology` and `simulation`; `population` and
`evidence`; `trial`; `report`. Import the room whose verb you need; ARCHITECTURE.md draws the house.
"""

__version__ = "0.1.0"
