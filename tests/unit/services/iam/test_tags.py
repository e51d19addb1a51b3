import pytest

from calling import Calling


def tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


def test_keys_of_a_users_tags_differ_by_more_than_case(iam: Calling) -> None:
    iam("CreateUser", UserName="u", Tags=tags(Department="a", x="1"))
    iam("TagUser", UserName="u", Tags=tags(department="b"))
    assert iam("ListUserTags", UserName="u")["Tags"] == tags(x="1", department="b")
    iam("UntagUser", UserName="u", TagKeys=["DEPARTMENT", "none"])
    assert iam("ListUserTags", UserName="u")["Tags"] == tags(x="1")


def test_keys_of_a_policys_tags_keep_their_case(iam: Calling, allow: str) -> None:
    arn = iam("CreatePolicy", PolicyName="p", PolicyDocument=allow, Tags=tags(a="1"))
    arn = arn["Policy"]["Arn"]
    iam("TagPolicy", PolicyArn=arn, Tags=tags(A="2"))
    assert iam("ListPolicyTags", PolicyArn=arn)["Tags"] == tags(a="1", A="2")


def test_the_same_key_twice_is_refused(iam: Calling) -> None:
    twice = [*tags(a="1"), *tags(A="2")]
    error = iam.refused("CreateUser", UserName="u", Tags=twice)
    assert (error.code, error.message) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_there_are_fifty_tags_at_most(iam: Calling) -> None:
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    iam("CreateUser", UserName="u", Tags=many)
    assert iam.refused("TagUser", UserName="u", Tags=tags(more="")).code == "LimitExceeded"
    iam("TagUser", UserName="u", Tags=tags(K0="again"))


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("aws:mine", "", "InvalidInput"),
        ("AWS:mine", "", "InvalidInput"),
        ("a*b", "", "ValidationError"),
        ("a\0b", "", "ValidationError"),
        ("a", "<b>", "ValidationError"),
        ("a", "${aws:username}", "ValidationError"),
        ("a" * 129, "", "ValidationError"),
        ("a", "b" * 257, "ValidationError"),
    ],
)
def test_tags_that_are_none(iam: Calling, key: str, value: str, code: str) -> None:
    iam("CreateUser", UserName="u")
    tag = {"Key": key, "Value": value}
    assert iam.refused("TagUser", UserName="u", Tags=[tag]).code == code


def test_letters_of_any_script_may_stand_in_tags(iam: Calling) -> None:
    iam("CreateUser", UserName="u", Tags=tags(größe="ü 1"))
    assert iam("ListUserTags", UserName="u")["Tags"] == tags(größe="ü 1")
