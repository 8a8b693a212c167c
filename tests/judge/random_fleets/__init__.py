"""Small random projects for the compiler, and what each of them may be refused for."""
