// Will browsers take the certificate of the pages?
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/doctor/words.h"

namespace bridgehall::app::doctor {

struct CertificateFacts {
  std::string file, key_file;
  bool to_come = false;  // our own, which the server makes at its start
  std::string mistake;   // a sentence; empty: both could be read
  bool key_belongs = false;
  bool self_signed = false;
  std::chrono::sys_seconds valid_from{}, valid_until{};
  std::vector<std::string> names;      // that it is for, as they stand in it: "*.example.org", "203.0.113.7"
  std::vector<std::string> uncovered;  // hosts under which pages are opened that it is not for
};

// nullopt: HTTPS is not spoken.
std::optional<CertificateFacts> gather_certificate(const Configuration& configuration);
// Of these files. `hosts`: under which pages are opened.
CertificateFacts read_certificate(const std::string& file, const std::string& key_file,
                                  const std::vector<std::string>& hosts);
Findings check_certificate(const std::optional<CertificateFacts>& facts, std::chrono::sys_seconds now);

}  // namespace bridgehall::app::doctor
