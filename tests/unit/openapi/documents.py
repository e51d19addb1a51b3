"""Good documents, and how tests spoil them."""

from typing import Any, Literal

from bargate.openapi import Imported, import_document, read_document

REST = """\
openapi: 3.0.1
info: {title: Petstore, version: 1.0}
x-amazon-apigateway-policy:
  Version: 2012-10-17
  Statement:
    - Effect: Allow
      Principal: "*"
      Action: execute-api:Invoke
      Resource: [execute-api:/*, "execute-api:/prod/GET/pets"]
x-amazon-apigateway-request-validators:
  all: {validateRequestBody: true, validateRequestParameters: true}
x-amazon-apigateway-request-validator: all
x-amazon-apigateway-gateway-responses:
  UNAUTHORIZED:
    statusCode: 401
    responseParameters: {gatewayresponse.header.Access-Control-Allow-Origin: "'*'"}
    responseTemplates: {application/json: '{"m":$context.error.messageString}'}
x-amazon-apigateway-binary-media-types: [image/png]
x-amazon-apigateway-api-key-source: HEADER
security: [{pool: []}]
paths:
  /pets:
    get:
      operationId: listPets
      parameters:
        - {name: limit, in: query, required: true, schema: {type: integer}}
      responses: {200: {description: ok, headers: {X-A: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: http://127.0.0.1:9000/pets
        requestParameters: {integration.request.querystring.l: method.request.querystring.limit}
        responses:
          default:
            statusCode: "200"
            responseParameters: {method.response.header.X-A: "'a'"}
    post:
      security: [{pool: [pets/write]}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {201: {description: ok}}
      x-amazon-apigateway-integration:
        $ref: '#/components/x-amazon-apigateway-integrations/backend'
  /open/{proxy+}:
    x-amazon-apigateway-any-method:
      security: []
      parameters: [{$ref: '#/components/parameters/proxy'}]
      responses: {}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: ANY
        uri: http://127.0.0.1:9000/{proxy}
        timeoutInMillis: 3000
        requestParameters: {integration.request.path.proxy: method.request.path.proxy}
components:
  x-amazon-apigateway-integrations:
    backend: {type: HTTP_PROXY, httpMethod: POST, uri: 'https://example.com/pets'}
  parameters:
    proxy: {name: proxy, in: path, required: true, schema: {type: string}}
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string, nullable: true, maxLength: 10}
        parent: {$ref: '#/components/schemas/Pet'}
        tags: {type: array, items: {$ref: '#/components/schemas/Tag'}}
    Tag: {type: string, enum: [a, b]}
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer:
        type: cognito_user_pools
        providerARNs: ['arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc']
"""

HTTP = """\
openapi: 3.0.1
info: {title: Web, version: 1.0}
x-amazon-apigateway-cors:
  allowOrigins: ['https://example.com']
  allowMethods: [GET, post]
  allowHeaders: [authorization]
  exposeHeaders: [x-a]
  maxAge: 60
  allowCredentials: true
security: [{jwt: [pets/read]}]
paths:
  /pets/{id}:
    get:
      operationId: getPet
      responses: {}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        uri: http://127.0.0.1:9000/pets/{id}
        payloadFormatVersion: "1.0"
        timeoutInMillis: 30000
        requestParameters: {"append:header.x-b": "$context.requestId"}
        responseParameters: {"500": {"overwrite:statuscode": "502"}}
  /$default:
    x-amazon-apigateway-any-method:
      security: []
      x-amazon-apigateway-integration:
        type: http_proxy
        uri: http://127.0.0.1:9000/
components:
  securitySchemes:
    jwt:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration:
          issuer: https://issuer.example.com
          audience: [app]
"""


def spoiled(text: str, old: str, new: str) -> str:
    """Replace the one place where `old` stands."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def imported(
    text: str, kind: Literal["REST", "HTTP"] | None = None, file_name: str = "api.yaml"
) -> Imported:
    """Import text as the API `abc`."""
    return import_document(
        read_document(text, file_name=file_name),
        api_id="abc",
        account_id="000000000000",
        region="us-east-1",
        partition="aws",
        kind=kind,
    )


def rest(*edits: tuple[str, str]) -> Any:
    """Give the REST API of the good document after `edits`."""
    text = REST
    for old, new in edits:
        text = spoiled(text, old, new)
    return imported(text, "REST").api


def http(*edits: tuple[str, str]) -> Any:
    """Give the HTTP API of the good document after `edits`."""
    text = HTTP
    for old, new in edits:
        text = spoiled(text, old, new)
    return imported(text, "HTTP").api
