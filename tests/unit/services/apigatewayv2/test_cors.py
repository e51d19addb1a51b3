import pytest

from http_apis import calling, new_api


@pytest.mark.parametrize(
    "cors",
    [
        {"AllowOrigins": ["*"], "AllowCredentials": True},
        {"AllowOrigins": ["https://a.test", "*"], "AllowCredentials": True},
        {"AllowOrigins": ["null"]},
        {"AllowOrigins": ["NULL"]},
        {"AllowOrigins": [""]},
        {"AllowOrigins": ["a.test"]},
        {"AllowOrigins": ["https://a.test/"]},
        {"AllowOrigins": ["https://a.test/path"]},
        {"AllowOrigins": ["https://a.test?x"]},
        {"AllowOrigins": [" https://a.test"]},
        {"AllowOrigins": ["https://a.test\r\nX: y"]},
        {"AllowOrigins": ["https://user@a.test"]},
        {"AllowOrigins": ["https://*a.test"]},
        {"AllowOrigins": ["https://a.*.test"]},
        {"AllowOrigins": ["https://ä.test"]},
        {"AllowOrigins": ["**"]},
        {"AllowOrigins": [" *"], "AllowCredentials": True},
        {"AllowOrigins": ["https://a.test"] * 501},
        {"AllowHeaders": ["a b"]},
        {"AllowHeaders": ["a,b"]},
        {"AllowHeaders": ["a\r\nb"]},
        {"ExposeHeaders": [""]},
        {"AllowMethods": ["TRACE"]},
        {"AllowMethods": ["GET,PUT"]},
        {"MaxAge": 86_401},
        {"MaxAge": 10**30},
    ],
)
def test_cross_origin_settings_that_open_too_much_or_make_no_sense_are_refused(cors):
    call = calling()
    refused = call.refused("CreateApi", Name="n", ProtocolType="HTTP", CorsConfiguration=cors)
    assert refused.code == "BadRequestException"
    api = new_api(call)
    refused = call.refused("UpdateApi", ApiId=api, CorsConfiguration=cors)
    assert refused.code == "BadRequestException"
    assert "CorsConfiguration" not in call("GetApi", ApiId=api)


def test_cross_origin_settings_are_given_back_replaced_as_a_whole_and_deleted():
    call = calling()
    cors = {
        "AllowOrigins": ["https://a.test", "https://*.b.test"],
        "AllowMethods": ["GET", "*"],
        "AllowHeaders": ["x-a"],
        "ExposeHeaders": ["x-b"],
        "MaxAge": -1,
        "AllowCredentials": True,
    }
    api = new_api(call, CorsConfiguration=cors)
    assert call("GetApi", ApiId=api)["CorsConfiguration"] == cors
    new = call("UpdateApi", ApiId=api, CorsConfiguration={"AllowOrigins": ["*"]})
    assert new["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    assert call("UpdateApi", ApiId=api, Name="m")["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    call("DeleteCorsConfiguration", ApiId=api)
    assert "CorsConfiguration" not in call("GetApi", ApiId=api)
