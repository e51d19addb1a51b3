"""The modules of keys, plans, certificates, domains, links, documentation and whole documents."""

import re
from types import ModuleType

from bargate.records.api_key import API_KEY
from bargate.records.client_certificate import CLIENT_CERTIFICATE
from bargate.records.domain_name import DOMAIN_NAME
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.vpc_link import VPC_LINK
from bargate.services.apigateway import (
    account,
    api_keys,
    base_path_mappings,
    client_certificates,
    documentation_parts,
    documentation_versions,
    domain_name_access_associations,
    domain_name_patching,
    domain_names,
    export,
    import_api_keys,
    import_documentation_parts,
    import_rest_api,
    sdks,
    test_invoke_authorizer,
    test_invoke_method,
    usage,
    usage_plan_keys,
    usage_plan_patching,
    usage_plans,
    vpc_links,
)
from bargate.services.apigateway.domain_name_values import MISSING
from bargate.services.apigateway.taggable import Taggable

MODULES: tuple[ModuleType, ...] = (
    account,
    api_keys,
    base_path_mappings,
    client_certificates,
    documentation_parts,
    documentation_versions,
    domain_name_access_associations,
    domain_name_patching,
    domain_names,
    export,
    import_api_keys,
    import_documentation_parts,
    import_rest_api,
    sdks,
    test_invoke_authorizer,
    test_invoke_method,
    usage,
    usage_plan_keys,
    usage_plan_patching,
    usage_plans,
    vpc_links,
)

_ID = r"([a-z0-9]{1,32})"
# AWS [D] "Amazon API Gateway resource reference": the paths of ARNs
TAGGABLE: tuple[Taggable, ...] = (
    Taggable(re.compile(rf"/apikeys/{_ID}"), API_KEY, api_keys.MISSING),
    Taggable(re.compile(rf"/usageplans/{_ID}"), USAGE_PLAN, usage_plans.MISSING),
    Taggable(
        re.compile(rf"/clientcertificates/{_ID}"), CLIENT_CERTIFICATE, client_certificates.MISSING
    ),
    Taggable(
        re.compile(r"/domainnames/([a-z0-9.*-]{1,253})(?:\+[a-z0-9]{1,32})?"), DOMAIN_NAME, MISSING
    ),
    Taggable(re.compile(rf"/vpclinks/{_ID}"), VPC_LINK, vpc_links.MISSING),
)
