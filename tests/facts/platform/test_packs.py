import pytest

from cucm_audit.facts.platform import packs


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cmterm-devicepack12.5.1.14080-1.cop", "cmterm-devicepack12.5.1.14080-1"),
        ("cmterm-devicepack12.5.1.14080-1.cop.sgn", "cmterm-devicepack12.5.1.14080-1"),
        ("cmterm-devicepack15.0.1.15031-2.cop.sha512", "cmterm-devicepack15.0.1.15031-2"),
        ("cmterm-devicepack9.1.2.13070-1", "cmterm-devicepack9.1.2.13070-1"),
        ("cmterm-78xx.14-4-1-0101-153.k4.cop.sha512", "cmterm-78xx.14-4-1-0101-153"),
        ("ciscocm-agent-2.0.k3.cop.sgn", "ciscocm-agent-2.0"),
        ("ciscocm-agent-2.0.cop.k3.sgn", "ciscocm-agent-2.0"),
        ("ciscocm.version3-keys.cop", "ciscocm.version3-keys"),
        ("x.cop", "x"),
        (".a.cop", ".a"),
        (".cop", ".cop"),
        ("", ""),
    ],
)
def test_listed_and_logged_names_have_one_stem(name, stem):
    assert packs.stem(name) == stem


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("cmterm-devicepack12.5.1.14080-1.cop", "12.5.1"),
        ("cmterm-devicepack14.0.1.16076.cop.sha512", "14.0.1"),
        ("cmterm-devicepack11.5.1.15092-1.k3.cop.sgn", "11.5.1"),
        ("cmterm-devicepack12.5.cop", ""),
        ("cmterm-devicepack١٢.5.1.14080-1.cop", ""),
        ("cmterm-78xx.12-8-1-0001.cop", ""),
        ("my-cmterm-devicepack12.5.1.14080-1.cop", ""),
    ],
)
def test_a_device_pack_names_its_release(name, release):
    assert packs.pack_for(name) == release


def test_text_order_is_age_order():
    oldest_first = [
        "cmterm-devicepack9.1.2.13070-1.cop",
        "cmterm-devicepack12.5.1.9080-1.cop",
        "cmterm-devicepack12.5.1.14080.cop.sha512",
        "cmterm-devicepack12.5.1.14080-1.cop",
        "cmterm-devicepack12.5.1.14080-2.cop.sgn",
        "cmterm-devicepack12.5.1.14080-10.cop",
        "cmterm-devicepack14.0.1.10000-1.cop",
    ]
    assert sorted(oldest_first, key=packs.pack_order) == oldest_first
    assert packs.pack_order("ciscocm.free_common_space_v1.10.cop") == ""
    assert packs.pack_order("cmterm-devicepack14.0.1.16076.cop") == packs.pack_order(
        "cmterm-devicepack14.0.1.16076-0.cop"
    )


def test_what_the_snapshot_keeps_of_an_option():
    assert packs.columns("cmterm-devicepack12.5.1.14080.cop.sgn") == {
        "stem": "cmterm-devicepack12.5.1.14080",
        "pack_for": "12.5.1",
        "pack_order": "00000012.00000005.00000001.00014080.00000000",
    }
    assert packs.columns("CMTERM-DevicePack012.5.1.014080-3.COP")["pack_order"].endswith("1.00014080.00000003")
    assert packs.columns("cmterm-78xx.k3.cop") == {"stem": "cmterm-78xx", "pack_for": "", "pack_order": ""}
