# kind: attack
# category: escape
# problem: digit_sum
# Asks somebody else
import socket


def digit_sum(n):
    with socket.create_connection(("127.0.0.1", 8000), timeout=1) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return len(connection.recv(100))
