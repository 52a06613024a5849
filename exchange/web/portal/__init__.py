"""The participants' site: one module per journey, each a list of routes (PAGES "Portal")."""
