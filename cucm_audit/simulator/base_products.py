"""The type tables of a cluster, and what hangs on them: products, features, default loads, button templates."""

from cucm_audit.simulator import base_types as types
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import World


def fill(world: World) -> None:
    """Write everything of this file."""
    _types(world)
    _models(world)
    _features(world)
    _defaults(world)


def _types(world: World) -> None:
    for table, names in types.SMALL_TYPES.items():
        rows = [(number, name, _moniker(table[4:], name)) for number, name in names.items()]
        put(world, table, "enum name moniker", rows)
    services = [(number, name, _moniker("service", name), name) for name, number in types.SERVICES.items()]
    put(world, "typeservice", "enum name moniker nameforcontrol", services)
    put(world, "typesupportsfeature", "enum name moniker", types.FEATURES)
    stores = [(number, name, name.upper(), trust) for number, name, trust in types.CERTIFICATE_STORES]
    put(world, "typecertificateservice", "enum name moniker usestruststore", stores)
    put(world, "typeresource", "enum name moniker", [(96, "AXL Database API", "RESOURCE_AXL")])


def _moniker(table: str, name: str) -> str:
    """Make up a moniker from the words: no source names any but SUPPORTS_FEATURE_EMCC."""
    return f"{table}_{name}".upper().replace(" ", "_")[:50]


def _models(world: World) -> None:
    models, products = [(131, "SIP Trunk", "MODEL_131", 18, "f")], []
    for model in types.MODELS:
        factory = "f" if numbers(world.release) < model.pack_until else "t"
        models.append((model.number, model.name, f"MODEL_{model.number}", 1, "t"))
        products.append((model.product, model.name, f"PRODUCT_{model.product}", model.number, "SEP", factory, "t"))
    for product, (number, name) in enumerate(types.OTHER_MODELS.items(), 700):
        models.append((number, name, f"MODEL_{number}", 1, "t"))
        products.append((product, name, f"PRODUCT_{product}", number, "SEP", "t", "t"))
    put(world, "typemodel", "enum name moniker tkclass showindevicedefaults", models)
    put(world, "typeproduct", "enum name moniker tkmodel devicenamestring isinstalleddefault showindropdown", products)


def _features(world: World) -> None:
    rows = []
    for model in types.MODELS:
        wanted = [types.EM_FEATURE, types.TEMPLATE_FEATURE, types.SOFTKEY_FEATURE] + [types.EMCC_FEATURE] * model.emcc
        rows += [(model.product, model.number, feature, model.protocol) for feature in wanted]
    numbered = [(number, *row) for number, row in enumerate(rows, 1)]
    put(world, "productsupportsfeature", "enum tkproduct tkmodel tksupportsfeature tkdeviceprotocol", numbered)


def _defaults(world: World) -> None:
    pool, templates = guid("pool", "Default"), []
    defaults: list[tuple[object, ...]] = []
    for model in types.MODELS:
        template = guid("template", model.number)
        name = f"Standard {model.name.removeprefix('Cisco ')} {types.PROTOCOLS[model.protocol]}"
        templates.append((template, name, model.buttons, model.number, model.protocol, "f", "f"))
        load = types.load_of(model.family, numbers(world.release))
        defaults.append((guid("default", model.number), model.number, model.protocol, load, "", pool, template, "f"))
    defaults += [(guid("default", n), n, types.SCCP, "", "", pool, None, "f") for n in types.OTHER_MODELS]
    columns = "pkid tkmodel tkdeviceprotocol loadinformation inactiveloadinformation fkdevicepool fkphonetemplate"
    put(world, "defaults", f"{columns} preferactcodeoverautoreg", defaults)
    columns = "pkid name numofbuttons tkmodel tkdeviceprotocol usermodifiable privatetemplate"
    put(world, "phonetemplate", columns, templates)
