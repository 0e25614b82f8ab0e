"""Patches of one document, one after the other, with other writes in between."""

from tests.pod_host import PodHost

PATH = "/anna/list.ttl"
PATCH = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; "


def add(name: str) -> str:
    return f"{PATCH} solid:inserts {{ <#it> <http://e/terms#has> <#{name}> }}."


async def test_patches_follow_what_others_write_in_between(host: PodHost) -> None:
    anna = host.anna
    await anna.put(PATH, "<#it> a <#List> .")
    await anna.patch(PATH, add("first"))
    await anna.put(PATH, "<#it> a <#Replaced> .")
    await anna.patch(PATH, add("second"))
    refused = await anna.patch(PATH, f"{PATCH} solid:deletes {{ <#it> <http://e/terms#has> <#first> }}.")
    await anna.patch(PATH, add("third"))
    text = (await anna.get(PATH)).text
    assert refused.status_code == 409
    assert ("first" in text, "Replaced" in text, "second" in text, "third" in text) == (
        False,
        True,
        True,
        True,
    )


async def test_a_patch_that_was_rolled_back_leaves_nothing_behind(host: PodHost) -> None:
    anna = host.anna
    await anna.put(PATH, "<#it> a <#List> .")
    await anna.patch(PATH, add("first"))
    many = " ".join(f"<#it> <http://e/terms#has> <#{'x' * 200}{number}> ." for number in range(200))
    with host.core.store.writing() as tx:
        tx.execute("UPDATE pod SET quota = used + 10000 WHERE name = ?", ("anna",))
    full = await anna.patch(PATH, f"{PATCH} solid:inserts {{ {many} }}.")
    await anna.patch(PATH, add("second"))
    text = (await anna.get(PATH)).text
    assert full.status_code == 507
    assert ("first" in text, "second" in text, "xxx" in text) == (True, True, False)
