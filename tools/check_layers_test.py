#!/usr/bin/env python3
"""Each rule of check_layers.py is shown to bite, and to leave alone what is allowed."""

import pathlib
import tempfile
import unittest

import check_layers


def words(path, text):
    return [violation[2] for violation in check_layers.check_file(path, text)]


class Includes(unittest.TestCase):
    def test_a_layer_may_include_itself_and_those_before_it(self):
        self.assertEqual(words("src/media/a.cpp", '#include "media/b.h"\n#include "session/c.h"\n#include "base/d.h"\n'), [])

    def test_a_layer_may_not_include_a_later_one(self):
        self.assertEqual(words("src/wire/a.h", '#include "crypto/b.h"\n'), ["wire may not include crypto"])

    def test_the_violation_names_file_and_line(self):
        self.assertEqual(
            check_layers.check_file("src/wire/a.h", '#pragma once\n\n#include "web/b.h"\n'),
            [("src/wire/a.h", 3, "wire may not include web")],
        )

    def test_io_sees_base_only(self):
        self.assertEqual(words("src/io/a.cpp", '#include "base/b.h"\n'), [])
        self.assertEqual(words("src/io/a.cpp", '#include "wire/b.h"\n'), ["io may not include wire"])

    def test_only_load_and_app_see_io(self):
        for layer in ("load", "app"):
            self.assertEqual(words(f"src/{layer}/a.cpp", '#include "io/b.h"\n'), [])
        for layer in ("session", "media", "conference", "web"):
            self.assertEqual(words(f"src/{layer}/a.cpp", '#include "io/b.h"\n'), [f"{layer} may not include io"])

    def test_only_app_and_the_simulator_see_storage(self):
        self.assertEqual(words("src/storage/a.cpp", '#include "conference/b.h"\n#include "crypto/c.h"\n'), [])
        for place in ("src/app", "sim"):
            self.assertEqual(words(f"{place}/a.cpp", '#include "storage/b.h"\n'), [])
        for layer in ("conference", "messages", "web", "load", "io"):
            self.assertEqual(words(f"src/{layer}/a.cpp", '#include "storage/b.h"\n'), [f"{layer} may not include storage"])
        self.assertEqual(words("src/storage/a.cpp", '#include "web/b.h"\n'), ["storage may not include web"])

    def test_the_simulator_runs_cores_only(self):
        self.assertEqual(words("sim/a.cpp", '#include "media/b.h"\n#include "sim/own.h"\n#include "own.h"\n'), [])
        self.assertEqual(words("sim/a.cpp", '#include "io/b.h"\n'), ["sim may not include io"])

    def test_an_include_without_its_layer_is_refused(self):
        self.assertEqual(len(words("src/wire/a.cpp", '#include "rtp.h"\n')), 1)
        self.assertEqual(len(words("src/wire/a.cpp", '#include "../crypto/srtp.h"\n')), 1)

    def test_an_unknown_layer_is_refused(self):
        self.assertEqual(len(words("src/novelty/a.cpp", "")), 1)


class Places(unittest.TestCase):
    def test_only_the_http_server_includes_boost(self):
        text = "#include <boost/asio.hpp>\n"
        self.assertEqual(words("src/web/http_server.cpp", text), [])
        self.assertEqual(len(words("src/web/control.cpp", text)), 1)
        self.assertEqual(len(words("src/app/a.cpp", text)), 1)

    def test_cores_open_no_sockets(self):
        for header in ("sys/socket.h", "sys/epoll.h", "netinet/udp.h", "linux/errqueue.h", "poll.h"):
            self.assertEqual(len(words("src/media/a.cpp", f"#include <{header}>\n")), 1, header)
            self.assertEqual(words("src/io/a.cpp", f"#include <{header}>\n"), [])

    def test_nobody_asks_the_time(self):
        for call in (
            "clock_gettime(CLOCK_MONOTONIC, &t);",
            "auto t = std::chrono::steady_clock::now();",
            "auto t = system_clock::now();",
            "gettimeofday(&t, nullptr);",
            "seed(std::time(nullptr));",
            "auto t = ::time(0);",
        ):
            self.assertEqual(len(words("src/session/a.cpp", call)), 1, call)
            self.assertEqual(len(words("src/session/a_test.cpp", call)), 1, call)
            self.assertEqual(words("src/io/clock.cpp", call), [], call)

    def test_words_that_only_look_like_asking_the_time_are_left_alone(self):
        for text in ("fold_time(0);", "wheel.time(0);", "handle_timeout(now);", "std::chrono::system_clock::time_point at;"):
            self.assertEqual(words("src/session/a.cpp", text), [], text)

    def test_nobody_rolls_dice(self):
        for call in ("std::random_device seed;", "int i = rand();", "std::srand(1);", "getrandom(p, 8, 0);", "RAND_bytes(p, 8);"):
            self.assertEqual(len(words("src/app/a.cpp", call)), 1, call)
            self.assertEqual(words("src/crypto/system_random.cpp", call), [], call)

    def test_cores_take_no_locks(self):
        text = "#include <mutex>\n"
        self.assertEqual(len(words("src/media/a.cpp", text)), 1)
        self.assertEqual(words("src/app/a.cpp", text), [])
        self.assertEqual(words("src/base/ring_test.cpp", "#include <thread>\n"), [])

    def test_nothing_sleeps_not_even_a_test(self):
        self.assertEqual(len(words("src/io/a_test.cpp", "std::this_thread::sleep_for(1ms);")), 1)
        self.assertEqual(len(words("src/app/a.cpp", "sleep(1);")), 1)


class Text(unittest.TestCase):
    def test_comments_and_strings_are_no_code(self):
        text = (
            '// #include "app/a.h"\n/* std::random_device\n clock_gettime( */\nauto s = "steady_clock::now";\n'
            'auto r = R"(rand() "quoted" sleep(1))";\n'
        )
        self.assertEqual(words("src/wire/a.cpp", text), [])

    def test_code_after_a_comment_a_string_or_a_long_number_is_seen(self):
        for before in ("/* why */ ", '"a // b"; ', "1'000; ", "'\"'; ", 'R"x(")x"; '):
            self.assertEqual(len(words("src/wire/a.cpp", before + "rand();")), 1, before)


class Build(unittest.TestCase):
    def test_a_link_against_the_order_is_refused(self):
        text = "bridgehall_layer(base)\nbridgehall_layer(wire LAYERS base media LIBRARIES fmt::fmt)\n"
        self.assertEqual(check_layers.check_cmake(text), [("CMakeLists.txt", 2, "wire may not link media")])

    def test_a_tree_is_walked_and_its_violation_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src/base").mkdir(parents=True)
            (root / "CMakeLists.txt").write_text("bridgehall_layer(base)\n")
            (root / "src/base/time.h").write_text('#include "media/api.h"\n')
            self.assertEqual(check_layers.check_tree(root), (1, [("src/base/time.h", 1, "base may not include media")]))


if __name__ == "__main__":
    unittest.main()
