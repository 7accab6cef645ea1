"""The root key of fakes: published in this file, so worth nothing. Never pin it in a product.

Two primes instead of a PEM file: a fresh RSA-4096 key costs seconds, and no scanner of secrets
needs to be told that this is none.
"""

import functools
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from coditect_license_token.testing import InMemorySigner

_EXPONENT: Final = 65_537
_PRIME_1: Final = (
    "d6d98f0956df169688334368b4c1c8785229f88f7bec561d069853830d15d650107a084ea6c2f19df5e32d45634d"
    "7be8bb0aca04b5c4c275de04bdb1d7c994706d74dae8c37d9d482e7092ce3677ec584f912740e7a59a68f1d0e609"
    "729052c6725cf62b89a6bf8c94136e3e03b82bb72d57ce1a2d6420da4560854b62619f379dcb2b57f3854c65d870"
    "49dac818f6fdac7c9f25dea2acf1d42d3bb5b2aeecf1fab008635b828a51df6766bd07ceaba5120dd720b8641ace"
    "44d88bc88d7826475ebc428a4d4d11a618bd37c4e4b06903fba00bd89e20ba129dc1355e50f23c956b804afc7eed"
    "79686274ca51b5e35fa066b168e2d5f89b868b7fe40c47f78db9"
)
_PRIME_2: Final = (
    "c82eb16e4366a651e156a88b6d048f21083d81558bd33e0611a6b8ad68cdb4668c4c85fb09abb7e8e928879e86a2"
    "743516a1dfe8aa24915a604f68a4931e55f8ff2097fdd2d41f0f5746a06eeed3b005edd1bdeb877be55c2605e36e"
    "b22fef86a5f28ea3800878afd6f5e28e076cb911ec3e1e80dd28f4a52fc7ca26d5c502a89e4014a8a117f5762420"
    "b4e7c7abc52e40a473f19adc7e1d5f9a08be284fc4a1b657f63b67f5d0d87706a9a44b800e5e9f153d16a96a7327"
    "5e3663afa7ba0c93f4cf82606ef6e15885f75a463cf6bc014aaddd0d142e989aef93045a194a74329e676179bdbe"
    "413929286096414df9b2f2b86c8b98bb4c65b44e5382692dc6b9"
)


@functools.cache
def published_root() -> InMemorySigner:
    """Build the one root that every fake server signs with by default."""
    return root_of_primes(int(_PRIME_1, 16), int(_PRIME_2, 16))


def root_of_primes(prime_1: int, prime_2: int) -> InMemorySigner:
    """Build an RSA root from its two primes of 2048 bits each."""
    private = pow(_EXPONENT, -1, (prime_1 - 1) * (prime_2 - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=prime_1,
        q=prime_2,
        d=private,
        dmp1=rsa.rsa_crt_dmp1(private, prime_1),
        dmq1=rsa.rsa_crt_dmq1(private, prime_2),
        iqmp=rsa.rsa_crt_iqmp(prime_1, prime_2),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, prime_1 * prime_2),
    )
    return InMemorySigner(numbers.private_key())
