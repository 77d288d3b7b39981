"""Which addresses that people type are read, how, and where none may lead."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from django.core.checks import run_checks

from apps.core.errors import UserError
from apps.core.outgoing_addresses import check_address
from tests.fixtures.sites import PUBLIC, Names, refusal
from workers.shared.addresses import checked_addresses, is_public, parse_target


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "192.88.99.1",
        "168.63.129.16",
        "::",
        "::1",
        "fe80::1",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::5db8:d70e",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2a00:1450:4001:80e:0:5efe:a00:1",
        "fe80::1%eth0",
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "1.1.1.1", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14", "2002:5db8:d70e::1"],
)
def test_what_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/rows.csv",
        "gopher://example.org/",
        "//example.org/rows.csv",
        "example.org/rows.csv",
        "http://",
        "http:///rows.csv",
        "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/",
        "http://127.0.0.1\\@example.org/",
        "http://example.org/\r\nHost: other",
        "http://exa mple.org/",
        "http://example.org:22/",
        "http://example.org:6379/",
        "http://example.org:99999/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://example.0x1/",
        "http://[::1%25lo]/",
        "http://[::1",
        "http://%31%32%37.0.0.1/",
        "http://exa\u200bmple..org/",
        "http://" + "a" * 70 + ".org/",
        "http://example.org/" + "a" * 3000,
    ],
)
def test_an_address_that_is_none_or_is_written_oddly_is_refused(address: str) -> None:
    assert refusal(address, resolve=Names([PUBLIC])).code == "address_refused"
    with pytest.raises(UserError) as refused:
        check_address(address)
    assert (refused.value.field, refused.value.code) == ("address", "address_refused")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org./a b".replace(" ", "%20"), "https://example.org/a%20b"),
        ("http://bücher.example/ä?ö=1#part", "http://xn--bcher-kva.example/%C3%A4?%C3%B6=1"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("  http://example.org/  ", "http://example.org/"),
    ],
)
def test_how_an_address_is_read(written: str, read: str) -> None:
    assert str(parse_target(written)) == read


def test_digits_of_other_scripts_are_the_number_that_they_name() -> None:
    assert parse_target("http://\uff11\uff12\uff17\u3002\uff10\uff0e\uff10\uff61\uff11/").host == "127.0.0.1"
    assert refusal("http://\uff11\uff12\uff17.0.0.1/").code == "address_refused"


@pytest.mark.parametrize(
    "records",
    [
        ["127.0.0.1"],
        ["::1"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC, "::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
    ],
)
def test_one_private_record_of_many_is_enough_to_refuse(records: list[str]) -> None:
    names = Names(records)
    assert refusal("http://example.org/rows.csv", resolve=names).code == "address_refused"
    assert names.asked == 1


def test_a_public_name_passes_with_all_its_records() -> None:
    assert checked_addresses("example.org", 443, Names([PUBLIC, "2606:4700::1111"])) == [
        PUBLIC,
        "2606:4700::1111",
    ]


def test_a_refusal_is_logged_with_its_reason_and_tells_the_person_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = refusal("http://intranet.example/", resolve=Names(["10.9.8.7"]))
    assert "10.9.8.7" in refused.note
    assert "10.9.8.7" not in refused.message
    with pytest.raises(UserError) as at_the_form:
        check_address("http://10.9.8.7/?token=secret")
    assert "10.9.8.7, port 80, is not public" in caplog.text
    assert "secret" not in caplog.text
    assert "10.9.8.7" not in at_the_form.value.message


def test_a_wrong_allowance_fails_the_check(settings: Any) -> None:
    settings.OUTGOING_ALLOW = ["10.0.0.0/8", "files.internal:8080", "[fd00::1]:80", "10.0.0.0/99"]
    assert [error.id for error in run_checks() if error.id == "core.E001"] == ["core.E001"]
