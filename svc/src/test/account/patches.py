"""Putting functions in the place of the emulator's, and noticing when that one is not the same any more.

What is replaced, or leant on, is named with a digest of its source. At another source the account
does not start: read the new one, check whether these patches still fit, and write
down its digest.
"""

import functools
import hashlib
import inspect


class Changed(Exception):
    """The emulator is not the one that this was written for."""


def digest(function):
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:8]


def expect(function, was):
    if digest(function) != was:
        raise Changed(
            f"{function.__module__}.{function.__qualname__} is not what it was ({was}): read it, see"
            f" whether what leans on it still fits, and write down {digest(function)}"
        )


def replace(name, *owners, was):
    """Has the function below stand in for that of the same name in all of its owners, modules or
    classes; it gets that one as its first argument."""

    def put(new):
        original = getattr(owners[0], name)
        expect(original, was)

        @functools.wraps(original)
        def instead(*arguments, **named):
            return new(original, *arguments, **named)

        for owner in owners:
            setattr(owner, name, instead)
        return instead

    return put


def replace_in_stacks(resource_type, step, was):
    """The same for what creates, updates or deletes the resources of a type in stacks."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS[resource_type]

    def put(new):
        handlers[step] = replace(handlers[step].__name__, provisioners, was=was)(new)
        return handlers[step]

    return put


def lean_on(owner, **digests):
    for name, was in digests.items():
        expect(getattr(owner, name), was)
