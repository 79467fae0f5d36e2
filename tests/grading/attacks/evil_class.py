# ruff: noqa
"""A class whose every look-up lies.

Wins: nothing, it is about the worker
Status: graded, error, crashed
"""


class Meta(type):
    def __call__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __getattr__(cls, name):
        raise SystemExit(0)

    def __instancecheck__(cls, instance):
        return True


class Target(metaclass=Meta):
    def __getattribute__(self, name):
        if name in ("square", "secret"):
            raise KeyboardInterrupt
        return object.__getattribute__(self, name)
