"""Every rule by one broken document: the line that is marked, its path, and what is said."""

import pytest

from bargate.openapi import InvalidDocument
from unit.openapi.documents import HTTP, REST, imported, spoiled

M = " # <-"
INTEGRATION = "x-amazon-apigateway-integration"
GET = "paths./pets.get"
ANY = "paths./open/{proxy+}.x-amazon-apigateway-any-method"
SCHEME = "components.securitySchemes.pool"
AUTHORIZER = f"{SCHEME}.x-amazon-apigateway-authorizer"
COGNITO = """\
        type: cognito_user_pools
        providerARNs: ['arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc']
"""

# old, new (with the line of the error marked), path, what the message says
BROKEN_REST = [
    # structure
    ("openapi: 3.0.1", "openapi: 4.0.0" + M, "openapi", "version 4.0.0 of OpenAPI is not known"),
    ("openapi: 3.0.1", "openapi: 3.0" + M, "openapi", "version 3.0 of OpenAPI"),
    ("openapi: 3.0.1", "openapi: true" + M, "openapi", "the value true, not text"),
    ("openapi: 3.0.1", "swagger: '1.2'" + M, "swagger", "version 1.2 of swagger"),
    ("openapi: 3.0.1", "openapi: 3.0.1\nswagger: '2.0'", "openapi", "both swagger and openapi"),
    ("{title: Petstore, version: 1.0}", "{version: 1.0}" + M, "info", "title is missing"),
    ("{title: Petstore, version: 1.0}", "{title: ''}" + M, "info", "title is missing"),
    ("{title: Petstore, version: 1.0}", "{title: 5}" + M, "info.title", "the number 5, not text"),
    ("{title: Petstore, version: 1.0}", "[a]" + M, "info", "a list, not an object"),
    ("security: [{pool: []}]", "securty: [{pool: []}]" + M, "securty", "'securty' is not known"),
    ("security: [{pool: []}]", "security: {pool: []}" + M, "security", "an object, not a list"),
    ("security: [{pool: []}]", "security:" + M, "security", "null, not a list"),
    ("security: [{pool: []}]", "security: [pool]" + M, "security.0", "text, not an object"),
    ("security: [{pool: []}]", "security: [{pol: []}]" + M, "security.0.pol", "scheme is named"),
    ("security: [{pool: []}]", "security: [{pool: x}]" + M, "security.0.pool", "text, not a list"),
    ("  securitySchemes:", "  securitySchema:" + M, "components.securitySchema", "not known here"),
    # paths and verbs
    ("  /pets:", "  pets:" + M, "paths.pets", "is no path"),
    ("  /pets:", "  /pe ts:" + M, "paths./pe ts", "'pe ts' is no path part"),
    ("  /pets:", "  /{id}x:" + M, "paths./{id}x", "'{id}x' is no path part"),
    ("  /pets:", "  /a//b:" + M, "paths./a//b", "'' is no path part"),
    ("  /pets:", "  /{p+}/x:" + M, "paths./{p+}/x", "child of a resource with a greedy path"),
    ("  /pets:", "  /{a}/{a}:" + M, "paths./{a}/{a}", "stands twice in the path"),
    (
        "components:\n",
        "  /open/{other}: {}" + M + "\ncomponents:\n",
        "paths./open/{other}",
        "A sibling ({proxy+}) of this resource already has a variable path part",
    ),
    ("components:\n", "  /pets/: {}" + M + "\ncomponents:\n", "paths./pets/", "the same resource"),
    ("    get:", "    gett:" + M, "paths./pets.gett", "'gett' is no verb"),
    ("    get:", "    GET:" + M, "paths./pets.GET", "'GET' is no verb"),
    ("    get:", "    trace: {}" + M + "\n    get:", "paths./pets.trace", "no TRACE methods"),
    ("    get:", "    put: 5" + M + "\n    get:", "paths./pets.put", "number 5, not an object"),
    (
        "    get:",
        "    put: {responses: {}}" + M + "\n    get:",
        "paths./pets.put",
        "No integration defined for method",
    ),
    ("operationId: listPets", "securty: []" + M, f"{GET}.securty", "'securty' is not known here"),
    ("operationId: listPets", "operationId: 5" + M, f"{GET}.operationId", "the number 5, not text"),
    # parameters
    ("in: query", "in: querystring", f"{GET}.parameters.0.in", "in 'querystring' is not known"),
    ("in: query, ", "", f"{GET}.parameters.0", "in is missing"),
    ("name: limit, ", "", f"{GET}.parameters.0", "name is missing"),
    ("name: limit", "name: 'li mit'", f"{GET}.parameters.0.name", "is no parameter name"),
    ("in: query", "in: path", f"{GET}.parameters.0", "has no variable limit"),
    ("in: query, required: true", "in: query, required: yes", f"{GET}.parameters.0.required",
     "text, not true or false"),
    ("in: query, required", "in: query, requird", f"{GET}.parameters.0.requird", "not known here"),
    (
        "        - {name: limit, in: query, required: true, schema: {type: integer}}\n",
        "        - {name: limit, in: query}\n        - {name: limit, in: query}" + M + "\n",
        f"{GET}.parameters.1",
        "listed twice",
    ),
    (
        "        - {name: limit, in: query, required: true, schema: {type: integer}}\n",
        "        - {name: limit, in: query}\n        - {name: limit, in: header}" + M + "\n",
        f"{GET}.parameters.1",
        "Parameter names must be unique across querystring, header and path",
    ),
    # references
    ("parameters/proxy'}", "parameters/prxy'}", f"{ANY}.parameters.0.$ref", "leads nowhere"),
    ("'#/components/parameters/proxy'", "'https://x/y.yaml'", f"{ANY}.parameters.0.$ref",
     "leaves this document"),
    ("'#/components/parameters/proxy'", "'#/components/parameters/proxy', required: true",
     f"{ANY}.parameters.0.required", "beside $ref, where it has no effect"),
    ("{name: proxy, in: path, required: true, schema: {type: string}}",
     "{$ref: '#/components/parameters/proxy'}" + M, "components.parameters.proxy",
     "leads back to itself"),
    ("integrations/backend'", "integrations/backnd'" + M, f"paths./pets.post.{INTEGRATION}.$ref",
     "leads nowhere"),
    ("$ref: '#/components/schemas/Pet'}}}}", "$ref: '#/components/schemas/Pot'}}}}" + M,
     "paths./pets.post.requestBody.content.application/json.schema.$ref", "leads nowhere"),
    # integrations
    ("type: http\n", "type: htp" + M + "\n", f"{GET}.{INTEGRATION}.type", "'htp' is not known"),
    ("        httpMethod: GET\n", "", f"{GET}.{INTEGRATION}", "HttpMethod must be non-empty"),
    ("httpMethod: GET", "httpMethod: GTE" + M, f"{GET}.{INTEGRATION}.httpMethod", "is not known"),
    ("        uri: http://127.0.0.1:9000/pets\n", "", f"{GET}.{INTEGRATION}", "uri is missing"),
    ("uri: http://127.0.0.1:9000/pets", "uri: ftp://x/" + M, f"{GET}.{INTEGRATION}.uri",
     "Invalid HTTP endpoint"),
    ("uri: http://127.0.0.1:9000/pets", "uri: [x]" + M, f"{GET}.{INTEGRATION}.uri", "not text"),
    ("timeoutInMillis: 3000", "timeoutInMillis: 29001" + M, f"{ANY}.{INTEGRATION}.timeoutInMillis",
     "out of bounds"),
    ("timeoutInMillis: 3000", "timeoutInMillis: 49" + M, f"{ANY}.{INTEGRATION}.timeoutInMillis",
     "out of bounds"),
    ("timeoutInMillis: 3000", "timeoutInMillis: 3s" + M, f"{ANY}.{INTEGRATION}.timeoutInMillis",
     "not a whole number"),
    ("timeoutInMillis: 3000", "timeoutInMilis: 3" + M, f"{ANY}.{INTEGRATION}.timeoutInMilis",
     "not known here"),
    ("timeoutInMillis: 3000", "passthroughBehavior: often" + M,
     f"{ANY}.{INTEGRATION}.passthroughBehavior", "is not known"),
    ("timeoutInMillis: 3000", "contentHandling: X" + M, f"{ANY}.{INTEGRATION}.contentHandling",
     "is not known"),
    ("timeoutInMillis: 3000", "connectionType: VPC_LINK", f"{ANY}.{INTEGRATION}",
     "connectionId is missing"),
    ("timeoutInMillis: 3000", "payloadFormatVersion: '2.0'" + M,
     f"{ANY}.{INTEGRATION}.payloadFormatVersion", "for HTTP APIs only"),
    ("timeoutInMillis: 3000", "tlsConfig: {insecure: true}" + M,
     f"{ANY}.{INTEGRATION}.tlsConfig.insecure", "not known here"),
    ("method.request.path.proxy}", "method.request.cookie.x}",
     f"{ANY}.{INTEGRATION}.requestParameters.integration.request.path.proxy",
     "Invalid mapping expression specified: method.request.cookie.x"),
    ("method.request.path.proxy}", "method.request.header.x}",
     f"{ANY}.{INTEGRATION}.requestParameters.integration.request.path.proxy",
     "Invalid mapping expression parameter specified: method.request.header.x"),
    ("integration.request.path.proxy:", "integration.request.cookie.proxy:",
     f"{ANY}.{INTEGRATION}.requestParameters.integration.request.cookie.proxy",
     "Invalid mapping expression specified"),
    ('statusCode: "200"', "statusCode: 404" + M,
     f"{GET}.{INTEGRATION}.responses.default.statusCode", "Invalid response status code"),
    ('statusCode: "200"', "statusCode: ok" + M, f"{GET}.{INTEGRATION}.responses.default.statusCode",
     "is no status code"),
    ('            statusCode: "200"\n', "", f"{GET}.{INTEGRATION}.responses.default",
     "statusCode is missing"),
    ("          default:\n", "          '4[':" + M + "\n", f"{GET}.{INTEGRATION}.responses.4[",
     "no regular expression"),
    ("method.response.header.X-A: \"'a'\"", "method.response.header.X-B: \"'a'\"",
     f"{GET}.{INTEGRATION}.responses.default.responseParameters.method.response.header.X-B",
     "Invalid mapping expression parameter specified"),
    ("method.response.header.X-A: \"'a'\"", "method.response.header.X-A: a",
     f"{GET}.{INTEGRATION}.responses.default.responseParameters.method.response.header.X-A",
     "Invalid mapping expression specified: a"),
    ("responses: {200:", "responses: {20:", f"{GET}.responses.20", "is no status code"),
    # security
    (COGNITO, "        type: cognito" + M + "\n", f"{AUTHORIZER}.type", "'cognito' is not known"),
    (COGNITO, "        providerARNs: []\n", AUTHORIZER, "type is missing"),
    (COGNITO, "        type: cognito_user_pools\n", AUTHORIZER, "providerARNs is missing"),
    (COGNITO, "        type: cognito_user_pools\n        providerARNs: []" + M + "\n",
     f"{AUTHORIZER}.providerARNs", "providerARNs is empty"),
    (COGNITO, "        type: cognito_user_pools\n        providerARNs: [x]" + M + "\n",
     f"{AUTHORIZER}.providerARNs.0", "no user pool"),
    (COGNITO, "        type: jwt" + M + "\n", f"{AUTHORIZER}.type", "no JWT authorizers"),
    (COGNITO, "        type: token\n", AUTHORIZER, "authorizerUri is missing"),
    (COGNITO, "        type: token\n        authorizerUri: x" + M + "\n",
     f"{AUTHORIZER}.authorizerUri", "Invalid ARN"),
    (COGNITO, COGNITO + "        identitySource: $request.header.A" + M + "\n",
     f"{AUTHORIZER}.identitySource", "no identity source"),
    (COGNITO, COGNITO + "        identityValidationExpression: '['" + M + "\n",
     f"{AUTHORIZER}.identityValidationExpression", "no regular expression"),
    (COGNITO, COGNITO + "        authorizerResultTtlInSeconds: 3601" + M + "\n",
     f"{AUTHORIZER}.authorizerResultTtlInSeconds", "out of bounds"),
    (COGNITO, COGNITO + "        authorizerUri: x" + M + "\n", f"{AUTHORIZER}.authorizerUri",
     "not known here"),
    ("      in: header\n", "      in: query\n", AUTHORIZER, "identitySource is missing"),
    ("      type: apiKey\n", "      type: oauth2\n", SCHEME, "must be an apiKey"),
    ("      type: apiKey\n", "      type: apikey" + M + "\n", f"{SCHEME}.type", "is not known"),
    ("authtype: cognito_user_pools", "authtype: awsSigv4" + M,
     f"{SCHEME}.x-amazon-apigateway-authtype", "awsSigv4 has no authorizer"),
    ("security: []", "x-amazon-apigateway-auth: {type: AWS_IAM}\n      security: [{pool: []}]" + M,
     f"{ANY}.security.0.pool", "AWS_IAM or an authorizer, not both"),
    ("security: []", "x-amazon-apigateway-auth: {type: NONE}" + M,
     f"{ANY}.x-amazon-apigateway-auth", "declared open, but a security requirement"),
    ("security: []", "x-amazon-apigateway-auth: {type: JWT}" + M,
     f"{ANY}.x-amazon-apigateway-auth.type", "is not known"),
    # root extensions
    ("  Version: 2012-10-17\n  Statement:", "  Version: 2012-10-17\n  Statement: [*x]" + M,
     "", "no anchor &x stands above"),
    ("x-amazon-apigateway-policy:", "x-amazon-apigateway-polcy:" + M, "x-amazon-apigateway-polcy",
     "'x-amazon-apigateway-polcy' is not known"),
    ("x-amazon-apigateway-policy:", "X-Amazon-Apigateway-Policy:" + M,
     "X-Amazon-Apigateway-Policy", "is not known"),
    ("x-amazon-apigateway-policy:", "x-amazon-apigatway-policy:" + M, "x-amazon-apigatway-policy",
     "is not known"),
    ("operationId: listPets", "x-amazon-apigateway-policy: {}" + M,
     f"{GET}.x-amazon-apigateway-policy", "has no effect here"),
    ("components:\n", "x-amazon-apigateway-cors: {}" + M + "\ncomponents:\n",
     "x-amazon-apigateway-cors", "cannot be enforced for this kind of API"),
    ("components:\n", "x-bargate-api-id: A-B" + M + "\ncomponents:\n", "x-bargate-api-id",
     "this is no API id"),
    ("components:\n", "x-bargate-apiid: ab" + M + "\ncomponents:\n", "x-bargate-apiid",
     "is not known"),
    ("components:\n", "x-amazon-apigateway-endpoint-configuration: {types: [INTERNAL]}" + M
     + "\ncomponents:\n", "x-amazon-apigateway-endpoint-configuration.types.0",
     "no endpoint type"),
    ("components:\n", "x-amazon-apigateway-endpoint-configuration: {disable: true}" + M
     + "\ncomponents:\n", "x-amazon-apigateway-endpoint-configuration.disable", "not known here"),
    ("request-validator: all", "request-validator: al" + M, "x-amazon-apigateway-request-validator",
     "no request validator is named 'al'"),
    ("validateRequestBody: true", "validateBody: true",
     "x-amazon-apigateway-request-validators.all.validateBody", "not known here"),
    ("  UNAUTHORIZED:", "  UNAUTHORISED:" + M, "x-amazon-apigateway-gateway-responses.UNAUTHORISED",
     "is no gateway response type"),
    ("    statusCode: 401", "    statusCode: 999" + M,
     "x-amazon-apigateway-gateway-responses.UNAUTHORIZED.statusCode", "is no status code"),
    ("gatewayresponse.header.Access", "gatewayresponse.path.Access",
     ("x-amazon-apigateway-gateway-responses.UNAUTHORIZED.responseParameters."
     "gatewayresponse.path.Access-Control-Allow-Origin"), "Invalid mapping expression"),
    ("[image/png]", "image/png" + M, "x-amazon-apigateway-binary-media-types", "text, not a list"),
    ("source: HEADER", "source: COOKIE" + M, "x-amazon-apigateway-api-key-source", "is not known"),
    # schemas
    ("    Tag: {type: string,", "    Tag: {type: text,", "components.schemas.Tag.type", "no type"),
    ("enum: [a, b]", "enum: []", "components.schemas.Tag.enum", "names no value"),
    ("maxLength: 10", "maxLength: -1", "components.schemas.Pet.properties.name.maxLength",
     "out of bounds"),
    ("required: [name]", "required: true" + M, "components.schemas.Pet.required", "not a list"),
    ("    Tag: {type: string,", "    Tag: {propertyNames: {},", "components.schemas.Tag.propertyNames",
     "cannot be enforced"),
    ("    Tag: {type: string, enum: [a, b]}",
     "    Tag: {allOf: [{$ref: '#/components/schemas/Tag'}]}" + M, "components.schemas.Tag",
     "leads back to itself without saying anything"),
    ("      type: object\n", "      type: object\n      type: object" + M + "\n", "", "stands twice"),
]  # fmt: skip

JWT = "components.securitySchemes.jwt.x-amazon-apigateway-authorizer"
CORS = "x-amazon-apigateway-cors"
ROUTE = f"paths./pets/{{id}}.get.{INTEGRATION}"

BROKEN_HTTP = [
    ("openapi: 3.0.1", "swagger: '2.0'" + M, "swagger", "imported from OpenAPI 3"),
    ("['https://example.com']", "['*']", f"{CORS}.allowCredentials", "for every origin"),
    ("['https://example.com']", "[example.com]" + M, f"{CORS}.allowOrigins.0", "is no origin"),
    ("[GET, post]", "[GTE]" + M, f"{CORS}.allowMethods.0", "is no method"),
    ("[GET, post]", "['']" + M, f"{CORS}.allowMethods.0", "is no method"),
    ("maxAge: 60", "maxAge: 86401" + M, f"{CORS}.maxAge", "out of bounds"),
    ("maxAge: 60", "maxage: 60" + M, f"{CORS}.maxage", "not known here"),
    ("[authorization]", "['a b']" + M, f"{CORS}.allowHeaders.0", "is no header name"),
    ("type: jwt", "type: token" + M, f"{JWT}.type", "no authorizers of type 'token'"),
    ("          audience: [app]\n", "", f"{JWT}.jwtConfiguration", "1 to 50 audiences"),
    ("          issuer: https://issuer.example.com\n", "", f"{JWT}.jwtConfiguration",
     "issuer is missing"),
    ("issuer: https://issuer.example.com", "issuer: example" + M, f"{JWT}.jwtConfiguration.issuer",
     "this is no issuer"),
    ("        identitySource: $request.header.Authorization\n", "", JWT, "exactly one"),
    ("$request.header.Authorization", "method.request.header.A" + M, f"{JWT}.identitySource",
     "no identity source"),
    ("        type: jwt\n", "        type: jwt\n        issuer: x" + M + "\n", f"{JWT}.issuer",
     "not known here"),
    ("jwt: [pets/read]", "jwt: [a, b, c, d, e, f, g, h, i, j, k]",
     "paths./pets/{id}.get.security", "at most 10 scopes"),
    ("components:\n", "x-amazon-apigateway-policy: {}" + M + "\ncomponents:\n",
     "x-amazon-apigateway-policy", "cannot be enforced"),
    ("      operationId: getPet", "      x-amazon-apigateway-request-validator: all" + M,
     "paths./pets/{id}.get.x-amazon-apigateway-request-validator", "cannot be enforced"),
    ("        type: http_proxy\n        httpMethod", "        type: mock" + M
     + "\n        httpMethod", f"{ROUTE}.type", "no integrations of type 'mock'"),
    ('payloadFormatVersion: "1.0"', 'payloadFormatVersion: "2.0"' + M,
     f"{ROUTE}.payloadFormatVersion", "is not for HTTP_PROXY"),
    ("timeoutInMillis: 30000", "timeoutInMillis: 30001" + M, f"{ROUTE}.timeoutInMillis",
     "out of bounds"),
    ("append:header.x-b", "add:header.x-b", f"{ROUTE}.requestParameters.add:header.x-b",
     "Invalid mapping expression"),
    ("$context.requestId", "$method.x", f"{ROUTE}.requestParameters.append:header.x-b",
     "Invalid mapping expression"),
    ('{"500":', '{"100":', f"{ROUTE}.responseParameters.100", "is no status code"),
    ("  /$default:\n    x-amazon-apigateway-any-method:", "  /$default:\n    get:" + M,
     "paths./$default.get", "takes every verb"),
    ("  /pets/{id}:", "  /pets/{p+}/x:" + M, "paths./pets/{p+}/x", "must end its path"),
    ("  /pets/{id}:", "  /pets/a{id}:" + M, "paths./pets/a{id}", "is no path part"),
]  # fmt: skip


def marked_line(text: str) -> int | None:
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith(M)]
    return lines[0] if lines else None


def check(text: str, kind: str, path: str, message: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        imported(text, kind)  # type: ignore[arg-type]
    found = [f for f in refused.value.findings if f.path == path and message in f.message]
    assert found, str(refused.value)
    assert found[0].severity == "error"
    assert found[0].remedy
    line = marked_line(text)
    assert line is None or found[0].line == line
    assert str(found[0]).startswith(f"api.yaml:{found[0].line}:{found[0].column}: error: ")


@pytest.mark.parametrize(("old", "new", "path", "message"), BROKEN_REST)
def test_a_broken_rest_document_is_refused(old: str, new: str, path: str, message: str):
    check(spoiled(REST, old, new), "REST", path, message)


@pytest.mark.parametrize(("old", "new", "path", "message"), BROKEN_HTTP)
def test_a_broken_http_document_is_refused(old: str, new: str, path: str, message: str):
    check(spoiled(HTTP, old, new), "HTTP", path, message)


def test_enough_broken_documents_ran():
    assert len(BROKEN_REST) + len(BROKEN_HTTP) >= 125
    marked = [case for case in (*BROKEN_REST, *BROKEN_HTTP) if M in case[1]]
    assert len(marked) >= 80
