"""Body size and renal function as dosing uses them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: clearance of carboplatin beside filtration, mL/min, Calvert 1989
CALVERT_NONRENAL = 25.0


def body_surface(weight: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
    """Body surface area in m2 from weight in kg and height in cm.

    source  Mosteller 1987, N Engl J Med 317:1098, doi:10.1056/NEJM198710223171717
    """
    kg, cm = np.asarray(weight, dtype=float), np.asarray(height, dtype=float)
    return np.asarray(np.sqrt(kg * cm / 3600.0), dtype=np.float64)


def body_surface_du_bois(weight: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
    """Body surface area in m2 from weight in kg and height in cm, by the older formula many protocols name.

    source  Du Bois & Du Bois 1916, Arch Intern Med 17:863, doi:10.1001/archinte.1916.00080130010002
    """
    kg, cm = np.asarray(weight, dtype=float), np.asarray(height, dtype=float)
    return np.asarray(0.007184 * kg**0.425 * cm**0.725, dtype=np.float64)


def creatinine_clearance(
    age: ArrayLike, weight: ArrayLike, creatinine: ArrayLike, sex_female: ArrayLike
) -> NDArray[np.float64]:
    """Creatinine clearance in mL/min from age in years, weight in kg and serum creatinine in mg/dL.

    source  Cockcroft & Gault 1976, Nephron 16:31, doi:10.1159/000180580
    """
    years, kg = np.asarray(age, dtype=float), np.asarray(weight, dtype=float)
    factor = np.where(np.asarray(sex_female, dtype=float) > 0.5, 0.85, 1.0)
    return np.asarray(
        (140.0 - years) * kg / (72.0 * np.asarray(creatinine, dtype=float)) * factor,
        dtype=np.float64,
    )


def calvert(auc: ArrayLike, gfr: ArrayLike) -> NDArray[np.float64]:
    """Carboplatin dose in mg for a target AUC in mg*min/mL, from the glomerular filtration rate in mL/min.

    source  Calvert et al. 1989, J Clin Oncol 7:1748, doi:10.1200/JCO.1989.7.11.1748
    """
    return np.asarray(auc, dtype=float) * (np.asarray(gfr, dtype=float) + CALVERT_NONRENAL)
