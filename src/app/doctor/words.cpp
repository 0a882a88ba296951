#include "app/doctor/words.h"

#include <algorithm>

#include "base/check.h"

namespace bridgehall::app::doctor {
namespace {

// One line for each: client/src/messages/messages.test.ts reads them.
constexpr Words kWords[] = {
    // clang-format off
    {"port.free", "Port {port} ({setting}) is free."},
    {"port.ours", "Port {port} ({setting}) is in use by the Bridgehall that is running."},
    {"port.taken", "Port {port} ({setting}) is in use by another program. Find it with: {command}. Stop it, or set {setting} to another port."},
    {"port.forbidden", "Port {port} ({setting}) may not be opened by this user: ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or a higher number in {setting}."},
    {"port.ignored", "Browsers ignore port {port} of media here: ports below 1024 do not work, but for 80 and 443 at public addresses. Set media.port to 8443."},
    {"address.loopback", "This machine has no network address but loopback: browsers find no way for picture and sound. Connect it to a network."},
    {"address.private", "Media are announced at private addresses only: {addresses}. That is enough inside this network. If people come from outside, forward UDP port {port} on the router to this machine and set media.external_addresses to the public address."},
    {"address.public", "Media are announced at {addresses}."},
    {"address.unmatched", "media.external_addresses has {entry}, but {internal} is no address of this machine: it is not announced. Correct the part after the slash."},
    {"address.foreign", "media.addresses has {address}, which is no address of this machine. That works behind a NAT that passes UDP port {port} on unchanged; otherwise remove it, and rather use media.external_addresses."},
    {"address.ipv4only", "There is no IPv6 address. People whose line has IPv6 only come through their provider's translator; nothing has to be changed."},
    {"address.ipv6", "IPv6 is there."},
    {"certificate.none", "Pages are served without TLS, on this machine only. To be reached from elsewhere, set http.certificate_file and http.certificate_key_file, or put a proxy with TLS in front."},
    {"certificate.own", "The certificate is one that this server made for itself: every browser warns of it. Get one from an authority, such as with certbot, and set http.certificate_file and http.certificate_key_file."},
    {"certificate.unreadable", "The certificate cannot be used: {reason} Correct http.certificate_file and http.certificate_key_file."},
    {"certificate.mismatch", "The key in {key} does not belong to the certificate in {file}. Set http.certificate_key_file to the key with which it was requested."},
    {"certificate.expired", "The certificate in {file} expired on {date}: browsers refuse the page. Renew it."},
    {"certificate.future", "The certificate in {file} is valid from {date} on only. Check this machine's clock: timedatectl."},
    {"certificate.expiring", "The certificate in {file} expires on {date}, in {days} days. Renew it, and check why it was not renewed by itself."},
    {"certificate.names", "The certificate in {file} is not for {names}, which http.names has. Get one that names them, or remove them from http.names."},
    {"certificate.ok", "The certificate in {file} is valid until {date}, for {names}."},
    {"clock.synchronised", "The clock is synchronised."},
    {"clock.free", "The clock is not synchronised with a time server: links, tokens and certificates depend on it. Run: timedatectl set-ntp true"},
    {"clock.wrong", "The clock says {time}, which is before this program was made or its data were written. Set it: timedatectl set-ntp true"},
    {"buffer.ok", "The kernel gives media sockets the buffers that are asked for."},
    {"buffer.small", "The kernel gives media sockets {given} bytes of buffer instead of {wanted}: bursts are lost at some hundred viewers. Put the line {line} into /etc/sysctl.d/bridgehall.conf and run: sysctl --system"},
    {"offload.ok", "The kernel sends and receives trains of datagrams in one piece (UDP GSO and GRO)."},
    {"offload.send", "The kernel does not take trains of datagrams (UDP GSO): sending costs several times as much. Use Linux 5.10 or newer, and no container runtime that emulates the network."},
    {"offload.receive", "The kernel does not join received datagrams (UDP GRO). Only tests with bridgehall load become slower."},
    {"processor.fast", "{count} processors for media, with {features}."},
    {"processor.plain", "{count} processors for media, without {missing}: encryption costs several times as much. On a virtual machine, pass the host's processor through (host-passthrough)."},
    {"descriptors.ok", "{limit} files may be open at a time, {needed} are needed at most."},
    {"descriptors.low", "Only {limit} files may be open at a time, but the settings need {needed}. Put LimitNOFILE={needed} into the systemd unit, or run ulimit -n {needed} before the start; or lower http.max_connections and http.max_links."},
    {"storage.ok", "The data folder {folder} is writable, with {free} free."},
    {"storage.absent", "The data folder {folder} does not exist yet; it is made at the start."},
    {"storage.unwritable", "The data folder {folder} cannot be written: {reason}. Give it to the user that runs Bridgehall: chown -R bridgehall {folder}"},
    {"storage.low", "Only {free} are free in the data folder {folder}. Make room, or move it and set data.folder."},
    {"storage.full", "The disk with the data folder {folder} is full ({free} free): invitations cannot be renewed. Make room now."},
    {"turn.none", "No TURN server is set. People behind firewalls that let neither UDP nor the TCP port through need one: turn.servers."},
    {"turn.answers", "The TURN server {server} answers."},
    {"turn.unknown", "The name of the TURN server {server} is not known: {reason}. Correct turn.servers, or this machine's DNS."},
    {"turn.silent", "The TURN server {server} does not answer. Check that it runs, and that firewalls let this address and port through."},
    {"roster.ok", "The roster of the conference {conference} is readable, with {seats} seats."},
    {"roster.bad", "The roster of the conference {conference} cannot be read: {reason}"},
    {"live.core", "The media core did not answer within a second: it has too much to do, or hangs. See the log; if it stays so, restart Bridgehall."},
    {"live.quiet", "Nothing was lost on this machine since the start: {received} datagrams received, {sent} sent."},
    {"live.overflow", "{count} datagrams were lost because the receive buffer was full. Raise media.receive_buffer_bytes and net.core.rmem_max, or use a faster machine."},
    {"live.refused", "The kernel refused to send {count} datagrams: its send buffer was full, or there is no route. Raise media.send_buffer_bytes and net.core.wmem_max."},
    {"live.segmentation", "Trains of datagrams are sent one by one, since the network refused them in one piece: sending costs several times as much. Check the network card's driver: ethtool -k"},
    {"live.drops", "Dropped since the start, by reason: {reasons}. A few are normal."},
    {"live.overload", "{count} packets had to be dropped because the machine is too slow or has too little memory ({reasons}). Use a faster one, or fewer viewers."},
    {"live.unheard", "From {count} sessions nothing ever arrived: a firewall or NAT keeps media from this server. Open UDP port {port}, and check the addresses above."},
    {"live.unconnected", "{count} sessions were heard but did not connect: answers do not get back to them, or something changes packets on the way."},
    // clang-format on
};

}  // namespace

std::span<const Words> words() { return kWords; }

Finding make_finding(Level level, std::string_view code, Values values) {
  const auto* found = std::find_if(std::begin(kWords), std::end(kWords), [&](const auto& w) { return w.code == code; });
  BRIDGEHALL_CHECK(found != std::end(kWords));
  Finding finding{.level = level, .code = std::string(code), .values = std::move(values), .sentence = {}};
  for (std::string_view rest = found->text; !rest.empty();) {
    const auto open = std::min(rest.find('{'), rest.size());
    finding.sentence += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const auto name = rest.substr(1, rest.find('}') - 1);
    const auto value = std::find_if(finding.values.begin(), finding.values.end(),
                                    [&](const auto& each) { return each.first == name; });
    BRIDGEHALL_CHECK(value != finding.values.end());
    finding.sentence += value->second;
    rest.remove_prefix(name.size() + 2);
  }
  return finding;
}

}  // namespace bridgehall::app::doctor
