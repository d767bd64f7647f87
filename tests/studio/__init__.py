"""The studio page in a real Chromium: its modules alone, its behaviour with a puppet for a server, and the whole house."""
