"""Start threads for ever: memory bounds them."""

import threading
import time

threads = []
try:
    for _ in range(2000):
        threads.append(threading.Thread(target=time.sleep, args=(30,), daemon=True))
        threads[-1].start()
except RuntimeError:
    pass
if len(threads) > 400:
    print("BREACH: started", len(threads))
