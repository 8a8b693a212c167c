"""A judge of what rackform compiled, which shares nothing with the compiler.

It reads what is on disk after a compile: the project (rackform.yml and manifests) and the output
folder. It puts the stacks together as AWS would, resolves what they refer to in each other, and
asks every listener as a load balancer would be asked. `README.md` says what it looks for.
"""
