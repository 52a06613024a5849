"""Words of a referral that both sites say: where a professional works."""

from exchange.web.frame import N_

ROLES: dict[str, str] = {
    "police": N_("Police"),
    "probation": N_("Probation"),
    "prison": N_("Prison"),
    "victim_service": N_("A service for people who were harmed"),
    "court": N_("Court"),
    "school": N_("School"),
    "other": N_("Something else"),
}
