"""Every access control on one API: an OpenAPI document, and a boto3 script for the rest.

openapi.yaml ──► setup.py ──► AWS's APIs on :4566 ──► one API, its private twin, a custom domain
                    └──► calls.py: for each control a call that passes and one that is refused
"""
